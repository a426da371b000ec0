#include "audit/index_lag.h"

namespace sluice::audit {

void IndexLag::begin(uint64_t indexed) {
  const std::lock_guard lock(mutex_);
  indexed_ = indexed;
  sights_.clear();
}

void IndexLag::saw(uint64_t written, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  const bool waiting = sights_.size() > 1;
  if (waiting && (sights_.back().written >= written || now - sights_.back().at < kBetween ||
                  sights_.size() >= kMostSights))
    return;
  sights_.push_back({written, now});
  drop_reached();
}

void IndexLag::indexed(uint64_t sequence) {
  const std::lock_guard lock(mutex_);
  indexed_ = sequence;
  drop_reached();
}

void IndexLag::drop_reached() {
  while (sights_.size() > 1 && sights_[1].written <= indexed_) sights_.pop_front();
}

uint64_t IndexLag::indexed() const {
  const std::lock_guard lock(mutex_);
  return indexed_;
}

Duration IndexLag::behind(uint64_t written, Clock::time_point now) const {
  const std::lock_guard lock(mutex_);
  if (written <= indexed_ || sights_.empty()) return Duration::zero();
  return now - sights_.front().at;
}

}  // namespace sluice::audit
