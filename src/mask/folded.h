#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/eight_bytes.h"
#include "mask/siphash_lanes.h"

namespace sluice::mask {

// What is left of a value when only what tells it from another is kept, however it is written:
// letters in lower case, digits, '@' and whatever is not ASCII.

/// Into `buffer`, of which the result is a part. 0049 and +49 are the same.
Bytes fold(Bytes value, std::string& buffer);

/// The longest value that `fold_short` takes.
inline constexpr size_t kShort = kMostBlocks * 8 - 1;

/// The same of a short value, as the blocks of a message for SipHash.
struct FoldedShort {
  std::array<uint64_t, kMostBlocks> blocks;
  size_t size;    ///< bytes that are left
  bool zeroless;  ///< false: it may begin with the two zeros that `fold` drops

  size_t count() const { return size / 8 + 1; }
};

/// Of at most kShort bytes; eight of them at once, since every value that leaves comes by here.
inline FoldedShort fold_short(Bytes value) {
  FoldedShort out;
  uint64_t block = 0, others = 0;
  size_t bits = 0;  // of `block` that are filled
  size_t count = 0;
  out.size = 0;
  for (size_t at = 0; at < value.size(); at += 8) {
    const size_t here = value.size() - at < 8 ? value.size() - at : 8;
    uint64_t word = load_upto_eight(value.data() + at, here);
    const uint64_t ascii = word & ~kHighBits;
    const uint64_t digits = digits_in(ascii);
    const uint64_t letters = letters_in(ascii);
    const uint64_t high = word & kHighBits;
    const uint64_t kept = digits | letters | between(ascii, '@', '@') | high;
    word |= (letters & ~high) >> 2;  // into lower case
    others |= kept & (high | ~digits);
    size_t left = here;
    const uint64_t present = here == 8 ? ~uint64_t{0} : (uint64_t{1} << (8 * here)) - 1;
    for (uint64_t dropped = ~kept & kHighBits & present; dropped != 0; --left) {
      const uint64_t below = (uint64_t{1} << (std::countr_zero(dropped) - 7)) - 1;
      word = (word & below) | (word >> 8 & ~below);
      dropped = (dropped & below) | (dropped >> 8 & ~below);
    }
    if (left == 0) continue;
    block |= word << bits;
    bits += left * 8;
    out.size += left;
    if (bits < 64) continue;
    out.blocks[count++] = block;
    bits -= 64;
    block = bits == 0 ? 0 : word >> (8 * left - bits);
  }
  out.blocks[count] = block | uint64_t{out.size} << 56;
  out.zeroless = others != 0 || (out.blocks[0] & 0xFFFF) != 0x3030;
  return out;
}

}  // namespace sluice::mask
