#include "mask/substitutes.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "mask/siphash.h"

namespace sluice::mask {

uint64_t Substitutes::column(std::string_view name) {
  constexpr unsigned char kKey[16] = {};
  return SipHash(name, kKey, SipHash::Output::k64).first();
}

uint64_t Substitutes::tag_of(uint64_t column, Bytes value) {
  unsigned char key[16] = {};
  std::memcpy(key, &column, sizeof column);
  const uint64_t tag = SipHash(value, key, SipHash::Output::k64).first();
  return tag == 0 ? 1 : tag;
}

bool Substitutes::has(uint64_t column, Bytes value) const {
  return !slots_.empty() && holds(tag_of(column, value));
}

bool Substitutes::holds(uint64_t tag) const {
  const auto begin = slots_.begin() + static_cast<std::ptrdiff_t>(bucket_of(tag));
  return std::find(begin, begin + kBucket, tag) != begin + kBucket;
}

void Substitutes::note(uint64_t column, Bytes masked) {
  if (slots_.empty()) slots_.resize(kLeast);
  const uint64_t tag = tag_of(column, masked);
  if (holds(tag)) return;
  if (++noted_ > slots_.size() / kBucket && slots_.size() < kMost) grow();
  put(tag);
}

void Substitutes::put(uint64_t tag) {
  const auto begin = slots_.begin() + static_cast<std::ptrdiff_t>(bucket_of(tag));
  std::shift_right(begin, begin + kBucket, 1);
  *begin = tag;
}

void Substitutes::grow() {
  const auto before = std::exchange(slots_, std::vector<uint64_t>(slots_.size() * 2));
  // From the oldest on, so that the latest stand first again.
  for (size_t bucket = 0; bucket < before.size(); bucket += kBucket) {
    for (size_t i = kBucket; i > 0; --i) {
      if (const uint64_t tag = before[bucket + i - 1]; tag != 0) put(tag);
    }
  }
}

}  // namespace sluice::mask
