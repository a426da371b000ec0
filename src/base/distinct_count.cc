#include "base/distinct_count.h"

#include <algorithm>

namespace sluice {

/// The fewest hashes that all ranges can be explained by.
void DistinctCount::unite() {
  std::sort(ranges_.begin(), ranges_.end(),
            [](const Range& a, const Range& b) { return a.high < b.high; });
  size_t kept = 0;
  for (const Range& range : ranges_) {
    if (kept > 0 && range.low <= ranges_[kept - 1].high) {
      // It may be the same one, which then lies in both.
      ranges_[kept - 1].low = std::max(ranges_[kept - 1].low, range.low);
    } else {
      ranges_[kept++] = range;
    }
  }
  ranges_.resize(kept);
}

void DistinctCount::thin() {
  unite();
  ceiling_ /= 2;
  ++halvings_;
  std::erase_if(ranges_, [&](const Range& range) { return range.low > ceiling_; });
}

void DistinctCount::settle() {
  unite();
  while (ranges_.size() > most_) thin();
}

uint64_t DistinctCount::count() {
  unite();
  return uint64_t{ranges_.size()} << halvings_;
}

}  // namespace sluice
