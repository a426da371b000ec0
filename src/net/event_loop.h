#pragma once

#include <list>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "net/connection.h"
#include "net/connector.h"
#include "net/listener.h"
#include "net/reactor.h"
#include "net/task_queue.h"
#include "net/timer_queue.h"

namespace sluice::net {

/// What both back ends share: the rounds of the loop, and who has something to do in the next.
///
/// A round goes: callbacks of all kinds (kernel events, timers, tasks, put-off work), then one pass
/// over the streams that have something for the kernel (`flush`), then burying what is finished,
/// then waiting. So no callback ever runs between the preparing of requests and their submission,
/// and nothing an event batch may still point to is destroyed inside the batch.
class EventLoop : public Reactor {
 public:
  ~EventLoop() override;

  void run() final;
  void stop() final { tasks_.request_stop(); }
  void post(std::function<void()> task) final { tasks_.post(std::move(task)); }
  Result<> listen(int fd, AcceptHandler on_accept) final;
  void close_listener(int fd) final;
  std::unique_ptr<PendingConnect> connect(const Address& address, Duration timeout,
                                          ConnectHandler on_done) final;

  // -- For connections, listeners and connectors.
  /// Has `flush` look at the connection this round.
  void mark_dirty(Connection& connection) {
    if (connection.dirty_) return;
    connection.dirty_ = true;
    dirty_.push_back(&connection);
  }
  /// Calls its on_ready before the loop waits again.
  void mark_ready(Connection& connection) {
    if (connection.ready_) return;
    connection.ready_ = true;
    ready_.push_back(&connection);
  }
  /// The connection is of no more use; it is buried once the kernel has let go of it.
  void released(Connection& connection);
  /// Makes a connection of a connected socket.
  std::unique_ptr<Stream> adopt(UniqueFd fd, const Address& peer);
  /// Keeps what an event of this batch may still point to until the batch is over.
  void retire(std::shared_ptr<void> object) { retired_.push_back(std::move(object)); }

  /// The connection wants bytes again.
  virtual void receive_wanted(Connection& connection) = 0;
  /// Calls `on_writable` once the connector's socket is writable, or stops doing so.
  virtual void watch(const std::shared_ptr<Connector>& connector) = 0;
  virtual void unwatch(const std::shared_ptr<Connector>& connector) = 0;
  /// Starts and stops accepting.
  virtual Result<> watch(const std::shared_ptr<Listener>& listener) = 0;
  virtual void unwatch(const std::shared_ptr<Listener>& listener) = 0;

 protected:
  /// Called by run() on its thread.
  virtual Result<> start() = 0;
  virtual std::unique_ptr<Connection> make_connection(UniqueFd fd, const Address& peer) = 0;
  /// Whether the kernel has nothing to do with the connection any more.
  virtual bool quiet(const Connection& connection) const = 0;
  /// The connection's rest is over.
  virtual void rested(Connection& connection) = 0;
  /// Brings to the kernel what the dirty connections have for it.
  virtual void flush() = 0;
  /// Submits and, when `block`, waits for events; calls whom they concern.
  virtual void wait(bool block) = 0;

  /// For `flush`: the dirty connections, which are clean from then on.
  std::vector<Connection*>& take_dirty();
  /// For `wait`: whether the kernel's alarm has to be set, and to when. Alarms are rounded up to a
  /// few milliseconds so that timers close together share one.
  bool alarm_needed(Clock::time_point& at);
  void alarm_rang();
  /// Receives nothing from the connection for SteadyFlow::kRest, after which `rested` is called.
  void rest(Connection& connection);
  /// Ends the rest early; without `rested`.
  void end_rest(Connection& connection);
  /// For `flush`: whether the kernel has to call `rest_over` in SteadyFlow::kRest.
  bool rest_needed() { return !resting_.empty() && !std::exchange(rest_pending_, true); }
  void rest_over();
  /// For back ends whose connections become quiet later than they are released.
  void bury_later(Connection& connection);
  void destroy_connections();

  TimerQueue& timers() final { return timers_; }

  TimerQueue timers_;  // first: what the others hold may hold timers
  TaskQueue tasks_;

 private:
  void run_ready();
  void bury();

  Clock::time_point alarm_ = Clock::time_point::max();
  std::list<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> dirty_;
  std::vector<Connection*> flushing_;
  std::vector<Connection*> ready_;
  std::vector<Connection*> running_;
  std::vector<Connection*> dying_;
  std::vector<Connection*> resting_;  ///< a few: those with long results under way
  bool rest_pending_ = false;
  std::vector<std::shared_ptr<void>> retired_;
  std::unordered_map<int, std::shared_ptr<Listener>> listeners_;
};

}  // namespace sluice::net
