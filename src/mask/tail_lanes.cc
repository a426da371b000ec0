// Compiled once for each kind of vectors: Highway includes this file again and again.
#include "mask/tail_lanes.h"

#include <array>
#include <bit>
#include <cstring>

#include "base/eight_bytes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mask/tail_lanes.cc"
#include <hwy/foreach_target.h>
// Behind foreach_target.h, as Highway demands.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace sluice::mask::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::CappedTag<uint8_t, kShortText>;
/// A bit for each of up to kShortText bytes, and room for Highway to read and write eight bytes.
using Bits = std::array<uint8_t, kShortText / 8 + 8>;
static_assert(kShortText == 32);

/// Which bytes are letters and digits; false: not all is ASCII.
bool look_at(const uint8_t* text, uint32_t& found) {
  const Tag tag;
  Bits bits{};
  bool ascii = true;
  for (size_t at = 0; at < kShortText; at += hn::Lanes(tag)) {
    const auto bytes = hn::LoadU(tag, text + at);
    const auto lower = hn::Or(bytes, hn::Set(tag, 0x20));
    const auto letter = hn::Lt(hn::Sub(lower, hn::Set(tag, 'a')), hn::Set(tag, 26));
    const auto digit = hn::Lt(hn::Sub(bytes, hn::Set(tag, '0')), hn::Set(tag, 10));
    ascii &= hn::AllFalse(tag, hn::Gt(bytes, hn::Set(tag, 0x7F)));
    hn::StoreMaskBits(tag, hn::Or(letter, digit), bits.data() + at / 8);
  }
  std::memcpy(&found, bits.data(), sizeof found);
  return ascii;
}

/// In place, of kShortText bytes; false: not all is ASCII.
bool star(char* text, size_t keep) {
  static_assert(std::endian::native == std::endian::little);
  auto* const in = reinterpret_cast<uint8_t*>(text);
  uint32_t hidden;
  if (!look_at(in, hidden)) return false;
  if (static_cast<size_t>(std::popcount(hidden)) >= keep * 2)
    for (size_t left = keep; left > 0; --left) hidden ^= std::bit_floor(hidden);
  Bits bits{};
  std::memcpy(bits.data(), &hidden, sizeof hidden);
  const Tag tag;
  for (size_t at = 0; at < kShortText; at += hn::Lanes(tag)) {
    const auto mask = hn::LoadMaskBits(tag, bits.data() + at / 8);
    hn::StoreU(hn::IfThenElse(mask, hn::Set(tag, '*'), hn::LoadU(tag, in + at)), tag, in + at);
  }
  return true;
}

}  // namespace sluice::mask::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sluice::mask {

HWY_EXPORT(star);

bool append_short_tail(Bytes text, size_t keep, std::string& out) {
  if (text.size() > kShortText) return false;
  const size_t begin = out.size();
  out.append(kShortText, '\0');
  copy_short(text, out.data() + begin);
  const bool done = HWY_DYNAMIC_DISPATCH(star)(out.data() + begin, keep);
  out.resize(begin + (done ? text.size() : 0));
  return done;
}

}  // namespace sluice::mask
#endif
