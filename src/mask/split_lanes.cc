// Compiled once for each kind of vectors: Highway includes this file again and again.
#include "mask/split_lanes.h"

#include <array>
#include <bit>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mask/split_lanes.cc"
#include <hwy/foreach_target.h>
// Behind foreach_target.h, as Highway demands.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace sluice::mask::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
constexpr size_t kStep = 64;
using Tag = hn::CappedTag<uint8_t, kStep>;

/// Bit i: byte i of kStep is a delimiter. False: one of them is a backslash.
bool look_at(const char* text, char delimiter, uint64_t& delimiters) {
  const Tag tag;
  const auto* in = reinterpret_cast<const uint8_t*>(text);
  const auto wanted = hn::Set(tag, static_cast<uint8_t>(delimiter));
  const auto escape = hn::Set(tag, '\\');
  bool plain = true;
  delimiters = 0;
  for (size_t at = 0; at < kStep; at += hn::Lanes(tag)) {
    const auto bytes = hn::LoadU(tag, in + at);
    std::array<uint8_t, 8> bits{};
    hn::StoreMaskBits(tag, hn::Eq(bytes, wanted), bits.data());
    uint64_t here;
    std::memcpy(&here, bits.data(), sizeof here);
    delimiters |= here << at;
    plain &= hn::AllFalse(tag, hn::Eq(bytes, escape));
  }
  return plain;
}

/// The number of fields, or 0.
size_t split(Bytes row, char delimiter, std::span<Bytes> fields) {
  static_assert(std::endian::native == std::endian::little);
  size_t begin = 0, count = 0;
  for (size_t at = 0; at < row.size(); at += kStep) {
    std::array<char, kStep> last;
    const char* text = row.data() + at;
    if (row.size() - at < kStep) {
      last.fill('\0');
      std::memcpy(last.data(), text, row.size() - at);
      text = last.data();
    }
    uint64_t marks;
    if (!look_at(text, delimiter, marks)) return 0;
    for (; marks != 0; marks &= marks - 1) {
      const size_t end = at + static_cast<size_t>(std::countr_zero(marks));
      if (count < fields.size()) fields[count] = {row.data() + begin, end - begin};
      ++count;
      begin = end + 1;
    }
  }
  if (count < fields.size()) fields[count] = {row.data() + begin, row.size() - begin};
  return count + 1;
}

}  // namespace sluice::mask::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sluice::mask {

HWY_EXPORT(split);

std::optional<size_t> split_plain(Bytes row, char delimiter, std::span<Bytes> fields) {
  const size_t count = HWY_DYNAMIC_DISPATCH(split)(row, delimiter, fields);
  return count == 0 ? std::nullopt : std::optional(count);
}

}  // namespace sluice::mask
#endif
