#include "net/event_loop.h"

#include "base/log.h"

namespace sluice::net {

EventLoop::~EventLoop() = default;

void EventLoop::run() {
  tasks_.bind_thread();
  if (auto started = start(); !started) {
    log::critical("the {} event loop cannot run: {}", backend_name(), started.error().text);
    return;
  }
  while (!tasks_.stop_requested()) {
    timers_.new_round();
    run_ready();
    flush();
    bury();
    wait(ready_.empty() && !tasks_.has_local());
  }
  // What the last callbacks queued still goes out.
  run_ready();
  flush();
  wait(false);
  bury();
  tasks_.clear_stop();
  tasks_.unbind_thread();
}

void EventLoop::run_ready() {
  if (tasks_.has_local()) tasks_.run_local();
  if (ready_.empty()) return;
  running_.swap(ready_);
  for (Connection* connection : running_) {
    connection->ready_ = false;
    connection->on_ready();
  }
  running_.clear();
}

std::vector<Connection*>& EventLoop::take_dirty() {
  flushing_.clear();
  flushing_.swap(dirty_);
  for (Connection* connection : flushing_) connection->dirty_ = false;
  return flushing_;
}

std::unique_ptr<Stream> EventLoop::adopt(UniqueFd fd, const Address& peer) {
  connections_.push_front(make_connection(std::move(fd), peer));
  Connection& connection = *connections_.front();
  connection.self_ = connections_.begin();
  return connection.make_stream();
}

void EventLoop::released(Connection& connection) {
  end_rest(connection);
  mark_dirty(connection);  // so that the back end can cancel what is under way
  bury_later(connection);
}

void EventLoop::bury_later(Connection& connection) {
  if (connection.dying_) return;
  connection.dying_ = true;
  dying_.push_back(&connection);
}

void EventLoop::bury() {
  if (!retired_.empty()) retired_.clear();
  if (dying_.empty()) return;
  std::vector<Connection*> batch;
  batch.swap(dying_);
  for (Connection* connection : batch) {
    connection->dying_ = false;
    // Those the kernel still works on come again with its last completion.
    if (!quiet(*connection)) continue;
    if (connection->dirty_ || connection->ready_) {
      bury_later(*connection);
      mark_ready(*connection);
      continue;
    }
    connections_.erase(connection->self_);
  }
}

void EventLoop::destroy_connections() { connections_.clear(); }

// -- Timers

bool EventLoop::alarm_needed(Clock::time_point& at) {
  constexpr Clock::duration kGrain = std::chrono::milliseconds(4);
  const Clock::time_point next = timers_.next();
  if (next >= alarm_) return false;
  const auto since_epoch = next.time_since_epoch();
  at = Clock::time_point((since_epoch / kGrain + 1) * kGrain);
  alarm_ = next;
  return true;
}

void EventLoop::alarm_rang() {
  alarm_ = Clock::time_point::max();
  timers_.run_due();
}

// -- Rests

void EventLoop::rest(Connection& connection) {
  connection.resting_ = true;
  resting_.push_back(&connection);
}

void EventLoop::end_rest(Connection& connection) {
  if (!connection.resting_) return;
  connection.resting_ = false;
  std::erase(resting_, &connection);
}

void EventLoop::rest_over() {
  rest_pending_ = false;
  for (Connection* connection : std::exchange(resting_, {})) {
    // Handlers may run in here: what they do to others may have ended a rest.
    if (!connection->resting_) continue;
    connection->resting_ = false;
    rested(*connection);
  }
}

// -- Listening and connecting

Result<> EventLoop::listen(int fd, AcceptHandler on_accept) {
  if (listeners_.contains(fd)) return fail(ErrorCode::kExists, "already listening on this socket");
  SLUICE_ASSIGN(const Address address, local_address(fd));
  tune_socket(fd, address);
  auto listener = std::make_shared<Listener>(*this, fd, std::move(on_accept));
  SLUICE_TRY(watch(listener));
  listeners_.emplace(fd, std::move(listener));
  return {};
}

void EventLoop::close_listener(int fd) {
  const auto found = listeners_.find(fd);
  if (found == listeners_.end()) return;
  const std::shared_ptr<Listener> listener = std::move(found->second);
  listeners_.erase(found);
  listener->close();
  unwatch(listener);
  retire(listener);
}

std::unique_ptr<Reactor::PendingConnect> EventLoop::connect(const Address& address,
                                                            Duration timeout,
                                                            ConnectHandler on_done) {
  return Connector::start(*this, address, timeout, std::move(on_done));
}

}  // namespace sluice::net
