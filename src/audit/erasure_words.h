#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::audit {

// What goes on the record of what is erased. An erased record that none of it explains looks like
// tampering, so it is told first; where nothing was erased after all, that is told behind it, or
// the word would explain whatever happens to these records later.

/// Records from the first to the last number.
struct Erasure {
  uint64_t first = 0;
  uint64_t last = 0;
  friend bool operator==(const Erasure&, const Erasure&) = default;
};

/// Ranges of these numbers, which are in ascending order.
std::vector<Erasure> ranges_of(std::span<const uint64_t> numbers);

/// What goes on the record before records are erased: "erased: records 5 to 9, 12 to 12: reason".
std::string format_erasure(std::span<const Erasure> ranges, std::string_view reason);
/// Back; nothing for a message about something else.
std::vector<Erasure> parse_erasure(std::string_view message);

/// What takes such a word back, of the same ranges: "not erased: records 5 to 9, 12 to 12: why".
std::string format_withdrawal(std::span<const Erasure> ranges, std::string_view why);
/// Back; nothing for a message about something else.
std::vector<Erasure> parse_withdrawal(std::string_view message);

/// What goes on the record of an attempt: "refused to erase records 5 to 9: why; asked for:
/// reason".
std::string format_refused(const Erasure& range, std::string_view reason, const Error& why);

/// Gathers those words, in whatever order they are found.
class ErasureWords {
 public:
  /// Whether the message is one of them; it stands in the record with that number.
  bool add(uint64_t sequence, std::string_view message);
  void add(const ErasureWords& others);
  /// What is said to be erased: each withdrawal takes back the last word before it of the same
  /// ranges.
  std::vector<Erasure> standing() const;

 private:
  struct Word {
    std::vector<Erasure> ranges;
    bool withdrawn = false;
  };
  std::map<uint64_t, Word> words_;  ///< by the record's number
};

}  // namespace sluice::audit
