#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>

#include "base/clock.h"

namespace sluice {

/// The wall clock, but that it never goes back: from the latest time that it has told it goes on at
/// the pace of the steady clock, whatever the machine's is set to. What ends by it lasts no longer
/// when that is set back, and what has ended does not come to life again. May be called from any
/// thread.
class OnwardClock {
 public:
  explicit OnwardClock(std::function<int64_t()> wall = wall_micros) : wall_(std::move(wall)) {}

  /// Microseconds since 1970.
  int64_t now() {
    const std::lock_guard lock(mutex_);
    const auto steady = Clock::now();
    // Whole ones alone, so that it does not fall behind however often it is asked.
    const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(steady - at_);
    at_ += passed;
    return latest_ = std::max(wall_(), latest_ + passed.count());
  }

  /// Somebody has seen this time already.
  void not_before(int64_t micros) {
    (void)now();
    const std::lock_guard lock(mutex_);
    latest_ = std::max(latest_, micros);
  }

 private:
  std::mutex mutex_;
  std::function<int64_t()> wall_;
  int64_t latest_ = 0;
  Clock::time_point at_ = Clock::now();
};

}  // namespace sluice
