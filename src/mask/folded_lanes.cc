// Compiled once for each kind of vectors: Highway includes this file again and again.
#include <algorithm>
#include <bit>

#include "mask/folded.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mask/folded_lanes.cc"
#include <hwy/foreach_target.h>
// Behind foreach_target.h, as Highway demands.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace sluice::mask::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
constexpr size_t kSize = kMostBlocks * 8;
using Tag = hn::CappedTag<uint8_t, kSize>;
using Text = std::array<uint8_t, kSize>;

/// The bytes of `word` that `kept` has as 0xFF, one behind the other.
uint64_t squeeze(uint64_t word, uint64_t kept) {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  return _pext_u64(word, kept);
#else
  for (uint64_t dropped = ~kept & kHighBits; dropped != 0;) {
    const uint64_t below = (uint64_t{1} << (std::countr_zero(dropped) - 7)) - 1;
    word = (word & below) | (word >> 8 & ~below);
    dropped = (dropped & below) | (dropped >> 8 & ~below);
  }
  return word;
#endif
}

/// In lower case, and which bytes are left; true: all of those are digits.
bool look_at(Bytes value, Text& text, Text& kept) {
  const Tag tag;
  const auto* in = reinterpret_cast<const uint8_t*>(value.data());
  bool digits_only = true;
  for (size_t at = 0; at < kSize; at += hn::Lanes(tag)) {
    const auto bytes = hn::LoadU(tag, in + at);
    const auto lower = hn::Or(bytes, hn::Set(tag, 0x20));
    const auto letter = hn::Lt(hn::Sub(lower, hn::Set(tag, 'a')), hn::Set(tag, 26));
    const auto digit = hn::Lt(hn::Sub(bytes, hn::Set(tag, '0')), hn::Set(tag, 10));
    const auto other = hn::Or(hn::Eq(bytes, hn::Set(tag, '@')), hn::Gt(bytes, hn::Set(tag, 0x7F)));
    const auto no_digit = hn::Or(letter, other);
    hn::StoreU(hn::IfThenElse(letter, lower, bytes), tag, text.data() + at);
    hn::StoreU(hn::VecFromMask(tag, hn::Or(no_digit, digit)), tag, kept.data() + at);
    digits_only &= hn::AllFalse(tag, no_digit);
  }
  return digits_only;
}

/// What is left of a value as a message; how many bytes that is.
size_t write(const Text& text, const Text& kept, Message& message) {
  static_assert(std::endian::native == std::endian::little);
  message.fill('\0');
  size_t size = 0;
  for (size_t at = 0; at < kSize; at += 8) {
    uint64_t word, mask;
    std::memcpy(&word, text.data() + at, sizeof word);
    std::memcpy(&mask, kept.data() + at, sizeof mask);
    word = squeeze(word, mask);
    std::memcpy(message.data() + size, &word, sizeof word);
    size += static_cast<size_t>(std::popcount(mask)) / 8;
  }
  message[size | 7] = static_cast<char>(size);
  return size;
}

void fold_all(const ShortValues& values, FoldedValues& out) {
  Text text, kept;
  out.counts.fill(0);
  out.zeros_first_count = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const bool digits_only = look_at(values[i], text, kept);
    Message& message = out.messages[i];
    const size_t size = write(text, kept, message);
    const auto index = static_cast<uint8_t>(i);
    if (digits_only && message[0] == '0' && message[1] == '0') {
      out.zeros_first[out.zeros_first_count++] = index;
    } else {
      size_t& count = out.counts[size / 8];
      out.by_blocks[size / 8][count] = index;
      count += size > 0;
    }
  }
  for (size_t blocks = 0; blocks < kMostBlocks; ++blocks)
    std::fill_n(out.by_blocks[blocks].data() + out.counts[blocks], kLanes, uint8_t{0});
}

}  // namespace sluice::mask::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sluice::mask {

HWY_EXPORT(fold_all);

void fold_short(const ShortValues& values, FoldedValues& out) {
  HWY_DYNAMIC_DISPATCH(fold_all)(values, out);
}

}  // namespace sluice::mask
#endif
