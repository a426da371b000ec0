#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/bytes.h"
#include "base/eight_bytes.h"
#include "mask/siphash_lanes.h"

namespace sluice::mask {

// What is left of a value when only what tells it from another is kept, however it is written:
// letters in lower case, digits, '@' and whatever is not ASCII.

/// Into `buffer`, of which the result is a part. 0049 and +49 are the same.
Bytes fold(Bytes value, std::string& buffer);

/// Short values, gathered to be folded all at once.
class ShortValues {
 public:
  static constexpr size_t kMost = 128;
  /// The longest value: SipHash has one byte more than what is left of it.
  static constexpr size_t kLongest = kMostBlocks * 8 - 1;

  bool full() const { return used_ == kMost; }
  size_t size() const { return used_; }
  void clear() { used_ = 0; }

  /// Of at most kLongest bytes; not to one that is full.
  void add(Bytes value) {
    Row& row = rows_[used_++];
    row.fill('\0');
    copy_short(value, row.data());
  }
  /// One of them, with zeros behind it, of which none is left when it is folded.
  Bytes operator[](size_t index) const { return {rows_[index].data(), sizeof(Row)}; }

 private:
  using Row = std::array<char, kMostBlocks * 8>;
  static_assert(sizeof(Row) == kShortText);
  alignas(64) std::array<Row, kMost> rows_;
  size_t used_ = 0;
};

/// What is left of short values, as `fold` says, but for the two zeros that it may drop: messages
/// for SipHash. Not filled when it is made: whoever makes one a value pays for a few alone.
struct FoldedValues {
  using Indices = std::array<uint8_t, ShortValues::kMost + kLanes>;
  static_assert(ShortValues::kMost <= 256);

  alignas(64) std::array<Message, ShortValues::kMost> messages;
  /// Of those of as many blocks, less one, with zeros behind them for as many lanes as there are;
  /// values of which nothing is left are not among them.
  std::array<Indices, kMostBlocks> by_blocks;
  std::array<size_t, kMostBlocks> counts;
  /// Digits alone, two zeros first: not among the others.
  Indices zeros_first;
  size_t zeros_first_count;
};

/// In any order of values, by whatever vectors the machine has: every value that leaves comes by
/// here.
void fold_short(const ShortValues& values, FoldedValues& out);

}  // namespace sluice::mask
