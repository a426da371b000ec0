#include "net/reactor_base.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

#include "net/connection.h"

namespace sluice::net {

Timer::Timer(Reactor& reactor, std::function<void()> callback)
    : reactor_(reactor), callback_(std::move(callback)) {}

Timer::~Timer() { cancel(); }

void Timer::arm(Duration after) {
  cancel();
  deadline_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(after);
  armed_ = true;
  reactor_.timers().add(*this);
}

void Timer::cancel() {
  if (!armed_) return;
  armed_ = false;
  reactor_.timers().remove(*this);
}

ReactorBase::ReactorBase()
    : wake_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      linger_timer_(*this, [this] { close_lingering(); }) {}

ReactorBase::~ReactorBase() { close(wake_fd_); }

void ReactorBase::stop() {
  stopping_.store(true, std::memory_order_release);
  const uint64_t one = 1;
  [[maybe_unused]] const auto written = write(wake_fd_, &one, sizeof one);
}

void ReactorBase::post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(task));
    if (has_posted_.exchange(true)) return;  // Somebody has woken it already.
  }
  const uint64_t one = 1;
  [[maybe_unused]] const auto written = write(wake_fd_, &one, sizeof one);
}

void ReactorBase::clear_wake() {
  uint64_t count;
  [[maybe_unused]] const auto got = read(wake_fd_, &count, sizeof count);
}

void ReactorBase::mark_dirty(Connection& connection) {
  dirty_.push_back(connection.shared_from_this());
}

void ReactorBase::mark_ready(Connection& connection) {
  if (connection.ready_) return;
  connection.ready_ = true;
  ready_.push_back(connection.shared_from_this());
}

void ReactorBase::run_posted() {
  if (!has_posted_.load(std::memory_order_acquire)) return;
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(posted_);
    has_posted_.store(false);
  }
  for (auto& task : tasks) task();
}

void ReactorBase::run_pending() {
  run_posted();
  if (!timers_.empty()) timers_.run_due(Clock::now());
  // Delivering may make other connections ready; each round is bounded by what was ready before.
  while (!ready_.empty()) {
    std::vector<std::shared_ptr<Connection>> batch;
    batch.swap(ready_);
    for (const auto& connection : batch) connection->deliver_kept();
  }
  while (!dirty_.empty()) {
    batch_.swap(dirty_);
    for (const auto& connection : batch_) connection->flush();
    batch_.clear();
    if (!ready_.empty()) break;
  }
}

Duration ReactorBase::wait_time() {
  if (!ready_.empty() || !dirty_.empty() || has_posted_.load()) return Duration::zero();
  return timers_.empty() ? Duration(-1) : timers_.until_next(Clock::now());
}

void ReactorBase::linger(std::shared_ptr<Connection> connection) {
  constexpr auto kLingerTime = std::chrono::seconds(2);
  lingering_.push_back({std::move(connection), Clock::now() + kLingerTime});
  if (!linger_timer_.armed()) linger_timer_.arm(kLingerTime);
}

void ReactorBase::forget_lingering(const Connection& connection) {
  if (!connection.lingering_) return;
  lingering_.remove_if([&](const Lingering& l) { return l.connection.get() == &connection; });
}

void ReactorBase::close_lingering() {
  const auto now = Clock::now();
  while (!lingering_.empty() && lingering_.front().deadline <= now) {
    const auto connection = lingering_.front().connection;
    connection->close();  // Takes itself off the list.
  }
  if (!lingering_.empty()) linger_timer_.arm(lingering_.front().deadline - now);
}

}  // namespace sluice::net
