#pragma once

#include <vector>

#include "net/reactor.h"

namespace sluice::net {

/// The timers of one reactor: a binary heap of where to look next.
///
/// Timers are mostly armed, and then re-armed for later or cancelled, long before they are due (a
/// session does so with every statement). So a timer that moves back stays where it is in the heap,
/// and so does a cancelled one; both are put right when their place comes up.
class TimerQueue {
 public:
  void arm(Timer& timer, Duration after);
  /// Takes out a timer that is being destroyed.
  void forget(Timer& timer);

  /// When `run_due` should be called next; time_point::max() when there is nothing to wait for.
  Clock::time_point next() const {
    return heap_.empty() ? Clock::time_point::max() : heap_.front()->queued_;
  }
  /// Calls each timer due by now; callbacks may arm, cancel and destroy any timer.
  void run_due();
  /// Forgets the time `arm` counts from; called once per round of the loop.
  void new_round() { now_ = {}; }

 private:
  void place(size_t slot, Timer* timer);
  void sift_up(size_t slot);
  void sift_down(size_t slot);
  void remove(Timer& timer);

  std::vector<Timer*> heap_;
  Timer* running_ = nullptr;  ///< whose callback runs; null once that timer is destroyed
  Clock::time_point now_{};   ///< read at the first `arm` of a round
};

}  // namespace sluice::net
