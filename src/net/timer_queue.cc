#include "net/timer_queue.h"

#include <algorithm>
#include <utility>

namespace sluice::net {

namespace {
constexpr size_t kNoSlot = SIZE_MAX;
}  // namespace

Timer::Timer(Reactor& reactor, std::function<void()> callback)
    : reactor_(reactor), callback_(std::move(callback)) {}

Timer::~Timer() { reactor_.timers().forget(*this); }

void Timer::arm(Duration after) { reactor_.timers().arm(*this, after); }

void Timer::cancel() { armed_ = false; }

void TimerQueue::arm(Timer& timer, Duration after) {
  if (now_ == Clock::time_point{}) now_ = Clock::now();
  // At least one tick ahead, so that a timer that re-arms itself cannot hold up run_due. At most a
  // century, so that Duration::max() does not wrap round.
  constexpr Duration kLongest = std::chrono::hours(24 * 36'525);
  after = std::clamp(after, Duration(1), kLongest);
  timer.deadline_ = now_ + std::chrono::duration_cast<Clock::duration>(after);
  timer.armed_ = true;
  if (timer.slot_ == kNoSlot) {
    timer.queued_ = timer.deadline_;
    heap_.push_back(&timer);
    place(heap_.size() - 1, &timer);
    sift_up(timer.slot_);
  } else if (timer.deadline_ < timer.queued_) {
    timer.queued_ = timer.deadline_;
    sift_up(timer.slot_);
  }
}

void TimerQueue::forget(Timer& timer) {
  if (timer.slot_ != kNoSlot) remove(timer);
  if (running_ == &timer) running_ = nullptr;
}

void TimerQueue::run_due() {
  const Clock::time_point now = Clock::now();
  now_ = now;
  while (!heap_.empty() && heap_.front()->queued_ <= now) {
    Timer& timer = *heap_.front();
    if (timer.armed_ && timer.deadline_ > now) {
      timer.queued_ = timer.deadline_;
      sift_down(0);
      continue;
    }
    remove(timer);
    if (!timer.armed_) continue;
    timer.armed_ = false;
    // The callback may destroy its timer, and must not destroy itself while it runs.
    running_ = &timer;
    std::function<void()> callback = std::move(timer.callback_);
    callback();
    if (running_ != nullptr) running_->callback_ = std::move(callback);
    running_ = nullptr;
  }
}

void TimerQueue::place(size_t slot, Timer* timer) {
  heap_[slot] = timer;
  timer->slot_ = slot;
}

void TimerQueue::sift_up(size_t slot) {
  Timer* const timer = heap_[slot];
  while (slot > 0) {
    const size_t parent = (slot - 1) / 2;
    if (heap_[parent]->queued_ <= timer->queued_) break;
    place(slot, heap_[parent]);
    slot = parent;
  }
  place(slot, timer);
}

void TimerQueue::sift_down(size_t slot) {
  Timer* const timer = heap_[slot];
  for (;;) {
    size_t child = 2 * slot + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->queued_ < heap_[child]->queued_) ++child;
    if (timer->queued_ <= heap_[child]->queued_) break;
    place(slot, heap_[child]);
    slot = child;
  }
  place(slot, timer);
}

void TimerQueue::remove(Timer& timer) {
  const size_t slot = std::exchange(timer.slot_, kNoSlot);
  Timer* const last = heap_.back();
  heap_.pop_back();
  if (last == &timer) return;
  place(slot, last);
  sift_up(slot);
  sift_down(last->slot_);
}

}  // namespace sluice::net
