#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <vector>

#include "net/reactor.h"
#include "net/timer_queue.h"

namespace sluice::net {

class Connection;

/// What both back ends share: posted tasks, timers, and which connections have something to do.
class ReactorBase : public Reactor {
 public:
  ReactorBase();
  ~ReactorBase() override;

  void stop() override;
  void post(std::function<void()> task) override;

  void mark_dirty(Connection& connection);
  void mark_ready(Connection& connection);
  /// Keeps a connection nobody owns any more until its output is sent and its peer has closed, or
  /// two seconds have passed.
  void linger(std::shared_ptr<Connection> connection);
  void forget_lingering(const Connection& connection);

 protected:
  /// Posted tasks, kept input, output, timers: all there is to do before waiting for the kernel.
  void run_pending();
  /// How long the kernel may be waited for; negative: for ever.
  Duration wait_time();
  bool stopping() const { return stopping_.load(std::memory_order_acquire); }
  int wake_fd() const { return wake_fd_; }
  void clear_wake();
  TimerQueue& timers() override { return timers_; }

 private:
  void run_posted();
  void close_lingering();

  TimerQueue timers_;
  int wake_fd_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;
  std::atomic<bool> has_posted_{false};
  std::vector<std::shared_ptr<Connection>> dirty_;
  std::vector<std::shared_ptr<Connection>> ready_;
  std::vector<std::shared_ptr<Connection>> batch_;  ///< reused
  struct Lingering {
    std::shared_ptr<Connection> connection;
    Clock::time_point deadline;
  };
  std::list<Lingering> lingering_;  ///< soonest first
  Timer linger_timer_;
};

}  // namespace sluice::net
