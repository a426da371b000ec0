#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "base/bytes.h"

namespace sluice {

// Eight bytes of a text as one word, the first in the lowest place, for what is done to every byte
// of every value that leaves.

static_assert(std::endian::native == std::endian::little);

inline constexpr uint64_t kEachByte = 0x0101010101010101;
inline constexpr uint64_t kHighBits = kEachByte * 0x80;

/// 0x80 in each byte of `word` that lies between the two; no byte of it may be above 0x7F.
constexpr uint64_t between(uint64_t word, unsigned char low, unsigned char high) {
  return (word + kEachByte * (0x80U - low)) & ~(word + kEachByte * (0x7FU - high)) & kHighBits;
}
constexpr uint64_t digits_in(uint64_t word) { return between(word, '0', '9'); }
constexpr uint64_t letters_in(uint64_t word) { return between(word | kEachByte * 0x20, 'a', 'z'); }

/// 0x80 in each byte that is `c`; of any word.
constexpr uint64_t equal_in(uint64_t word, char c) {
  const uint64_t other = word ^ kEachByte * static_cast<unsigned char>(c);
  return ~(((other & ~kHighBits) + ~kHighBits) | other) & kHighBits;
}

/// Where the first of them stands, of 0 to 7; some byte is marked.
constexpr size_t first_marked(uint64_t marks) {
  return static_cast<size_t>(std::countr_zero(marks)) / 8;
}

/// How many bytes have their high bit, where no other bit is set.
constexpr size_t count_marked(uint64_t marks) { return (marks >> 7) * kEachByte >> 56; }

inline uint64_t load_eight(const char* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

/// At most eight bytes, those that are missing as zeros.
inline uint64_t load_upto_eight(const char* at, size_t size) {
  if (size >= 8) return load_eight(at);
  if (size >= 4) {
    uint32_t low, high;
    std::memcpy(&low, at, 4);
    std::memcpy(&high, at + size - 4, 4);
    return low | uint64_t{high} << (8 * (size - 4));
  }
  uint64_t word = 0;
  for (size_t i = 0; i < size; ++i) word |= uint64_t{static_cast<unsigned char>(at[i])} << (8 * i);
  return word;
}

/// What copy_short copies at most.
inline constexpr size_t kShortText = 32;

/// Copies a text of at most kShortText bytes to where as many zeros stand. Two moves of a size that
/// is known, which may overlap, are faster than one of any size.
inline void copy_short(Bytes text, char* to) {
  constexpr size_t kHalf = kShortText / 2, kQuarter = kHalf / 2;
  const auto ends = [&]<size_t kSize>(std::integral_constant<size_t, kSize>) {
    std::memcpy(to, text.data(), kSize);
    std::memcpy(to + text.size() - kSize, text.data() + text.size() - kSize, kSize);
  };
  if (text.size() >= kHalf) return ends(std::integral_constant<size_t, kHalf>());
  if (text.size() >= kQuarter) return ends(std::integral_constant<size_t, kQuarter>());
  const uint64_t word = load_upto_eight(text.data(), text.size());
  std::memcpy(to, &word, sizeof word);
}

/// Where, from `from` on, the first byte of ASCII stands that `marks` marks in a word without high
/// bits, but 0. The size of the text where there is none.
template <typename Marks>
size_t find_marked(Bytes text, size_t from, Marks marks) {
  for (size_t at = from; at < text.size(); at += 8) {
    const uint64_t word = load_upto_eight(text.data() + at, text.size() - at);
    const uint64_t found = marks(word & ~kHighBits) & ~word;
    if (found != 0) return at + first_marked(found);
  }
  return text.size();
}

}  // namespace sluice
