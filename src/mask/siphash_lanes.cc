// Compiled once for each kind of vectors: Highway includes this file again and again.
#include "mask/siphash_lanes.h"

#include <bit>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mask/siphash_lanes.cc"
#include <hwy/foreach_target.h>
// Behind foreach_target.h, as Highway demands.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace sluice::mask::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::CappedTag<uint64_t, kLanes>;
using Words = hn::Vec<Tag>;

template <int bits>
Words rotate_left(Words words) {
  return hn::RotateRight<64 - bits>(words);
}

void round(Words& v0, Words& v1, Words& v2, Words& v3) {
  v0 = hn::Add(v0, v1);
  v2 = hn::Add(v2, v3);
  v1 = hn::Xor(rotate_left<13>(v1), v0);
  v3 = hn::Xor(rotate_left<16>(v3), v2);
  v0 = rotate_left<32>(v0);
  v2 = hn::Add(v2, v1);
  v0 = hn::Add(v0, v3);
  v1 = hn::Xor(rotate_left<17>(v1), v2);
  v3 = hn::Xor(rotate_left<21>(v3), v0);
  v2 = rotate_left<32>(v2);
}

void hash(const Message* messages, const uint8_t* which, size_t blocks, const unsigned char* key,
          std::array<uint64_t, kLanes>& out) {
  static_assert(std::endian::native == std::endian::little);
  std::array<uint64_t, 2> k;
  std::memcpy(k.data(), key, sizeof k);
  const Tag tag;
  const hn::RebindToSigned<Tag> indices;
  const auto* words = reinterpret_cast<const uint64_t*>(messages);
  std::array<int64_t, kLanes> begins;
  for (size_t i = 0; i < kLanes; ++i)
    begins[i] = which[i] * static_cast<int64_t>(sizeof(Message) / sizeof(uint64_t));
  for (size_t lane = 0; lane < kLanes; lane += hn::Lanes(tag)) {
    Words v0 = hn::Set(tag, 0x736f6d6570736575ULL ^ k[0]);
    Words v1 = hn::Set(tag, 0x646f72616e646f6dULL ^ k[1]);
    Words v2 = hn::Set(tag, 0x6c7967656e657261ULL ^ k[0]);
    Words v3 = hn::Set(tag, 0x7465646279746573ULL ^ k[1]);
    const auto first = hn::LoadU(indices, begins.data() + lane);
    for (size_t i = 0; i < blocks; ++i) {
      const Words block = hn::GatherIndex(tag, words + i, first);
      v3 = hn::Xor(v3, block);
      round(v0, v1, v2, v3);
      round(v0, v1, v2, v3);
      v0 = hn::Xor(v0, block);
    }
    v2 = hn::Xor(v2, hn::Set(tag, 0xff));
    for (int i = 0; i < 4; ++i) round(v0, v1, v2, v3);
    hn::StoreU(hn::Xor(hn::Xor(v0, v1), hn::Xor(v2, v3)), tag, out.data() + lane);
  }
}

}  // namespace sluice::mask::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sluice::mask {

HWY_EXPORT(hash);

void siphash_lanes(const Message* messages, const uint8_t* which, size_t blocks,
                   const unsigned char* key, std::array<uint64_t, kLanes>& out) {
  HWY_DYNAMIC_DISPATCH(hash)(messages, which, blocks, key, out);
}

}  // namespace sluice::mask
#endif
