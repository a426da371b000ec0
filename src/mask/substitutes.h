#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace sluice::mask {

/// What has lately been shown to a session in place of real values: so that it is known again when
/// it comes back to be written over them, as tools do that send back every cell of an edited row.
/// Hashes and no values; of more than some 10,000 the oldest are forgotten.
class Substitutes {
 public:
  /// A column's name ("public.members.email"), as `note` and `has` want it.
  static uint64_t column(std::string_view name);

  void note(uint64_t column, Bytes masked);
  /// Whether `value` has been shown as one of `column`. Never for want of memory alone: what has
  /// not been noted is taken for it once in 10^15 times.
  bool has(uint64_t column, Bytes value) const;
  bool empty() const { return slots_.empty(); }

 private:
  static constexpr size_t kBucket = 4, kLeast = 1 << 9, kMost = 1 << 14;

  static uint64_t tag_of(uint64_t column, Bytes value);
  size_t bucket_of(uint64_t tag) const { return (tag * kBucket) & (slots_.size() - 1); }
  bool holds(uint64_t tag) const;
  void put(uint64_t tag);
  void grow();

  std::vector<uint64_t> slots_;  ///< buckets of kBucket tags, the latest first; 0: none
  size_t noted_ = 0;
};

}  // namespace sluice::mask
