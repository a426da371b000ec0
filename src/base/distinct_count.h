#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice {

/// Counts how many different 64-bit hashes there are: exactly up to `most`, in bounded memory
/// whatever comes. Beyond that only the smallest hashes are kept, a known share of all, and the
/// count is an estimate: with `most` of 2^16 it is off by about 0.5 %.
///
/// Of a hash it may be known only within which range it lies. Two that may be the same are then
/// taken for one.
class DistinctCount {
 public:
  explicit DistinctCount(size_t most) : most_(most < 64 ? 64 : most), full_(2 * most_) {}

  void add(uint64_t hash) { add(hash, hash); }
  /// One that lies from `low` to `high`.
  void add(uint64_t low, uint64_t high) {
    if (low > ceiling_) return;
    ranged_ = ranged_ || low != high;
    ranges_.push_back({low, high});
    if (ranges_.size() >= full_) settle();
  }

  uint64_t count();
  /// Whether `count` is no estimate.
  bool exact() const { return !ranged_ && halvings_ == 0; }
  /// Ranges that are in memory, of 16 bytes each.
  size_t kept() const { return ranges_.size(); }
  /// Forgets half of all that there is, and counts by what is left from now on.
  void thin();

 private:
  struct Range {
    uint64_t low, high;
  };
  void settle();
  void unite();

  size_t most_, full_;
  std::vector<Range> ranges_;
  uint64_t ceiling_ = UINT64_MAX;  ///< hashes above it are not kept
  unsigned halvings_ = 0;
  bool ranged_ = false;
};

}  // namespace sluice
