#pragma once

#include <set>
#include <utility>

#include "net/reactor.h"

namespace sluice::net {

/// The armed timers of a reactor, soonest first.
class TimerQueue {
 public:
  void add(Timer& timer) { armed_.emplace(timer.deadline_, &timer); }
  void remove(Timer& timer) { armed_.erase({timer.deadline_, &timer}); }

  bool empty() const { return armed_.empty(); }
  /// Time until the soonest, at least zero; only when not empty.
  Duration until_next(Clock::time_point now) const {
    return std::max<Duration>(armed_.begin()->first - now, Duration::zero());
  }
  /// Calls every timer that is due. Callbacks may arm, cancel and destroy timers.
  void run_due(Clock::time_point now) {
    while (!armed_.empty() && armed_.begin()->first <= now) {
      Timer& timer = *armed_.begin()->second;
      armed_.erase(armed_.begin());
      timer.armed_ = false;
      const auto callback = timer.callback_;  // The timer may not survive the call.
      callback();
    }
  }

 private:
  std::set<std::pair<Clock::time_point, Timer*>> armed_;
};

}  // namespace sluice::net
