#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <boost/container/small_vector.hpp>

#include "mask/alphabet.h"
#include "mask/permuter.h"

namespace sluice::mask {

/// The characters of a text that a pseudonym replaces, each by one of its kind; all of them are
/// permuted together, so that each depends on every other. Byte lengths never change.
class Shape {
 public:
  explicit Shape(std::string& text) : text_(text) {}

  /// Letters and digits of [begin, end); bytes that are not UTF-8 become ASCII letters.
  void add_letters(size_t begin, size_t end);
  /// The ASCII digits of [begin, end).
  void add_digits(size_t begin, size_t end);
  /// Hexadecimal digits of [begin, end), in the case they have.
  void add_hex(size_t begin, size_t end);
  /// Which case hexadecimal digits are written in; add_hex takes that of its digits otherwise.
  void set_hex_case(bool upper) { upper_hex_ = upper; }
  /// As add_letters, and printable ASCII for printable ASCII, but for the space.
  void add_all(size_t begin, size_t end);
  /// The byte at `offset`, as one of the `count` that begin with `first`.
  void add(size_t offset, char first, uint16_t count);

  /// The byte at `offset`, as any byte.
  void add_byte(size_t offset);

  bool empty() const { return values_.empty(); }
  /// Writes the pseudonym in place.
  void permute(const Permuter& permuter);

 private:
  enum class Form : uint8_t { kLetters, kByte, kLowerHex, kUpperHex };
  struct Symbol {
    size_t offset;
    Letters letters;
    Form form;
  };
  void push(size_t offset, Letters letters, uint16_t value, Form form = Form::kLetters);
  void write(const Symbol& symbol, uint16_t value);

  std::string& text_;
  std::optional<bool> upper_hex_;
  boost::container::small_vector<Symbol, 48> symbols_;
  boost::container::small_vector<uint16_t, 48> values_, radices_;
};

}  // namespace sluice::mask
