#include "net/epoll_loop.h"

#include <cerrno>

#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/log.h"

namespace sluice::net {

namespace {

constexpr int kReadsPerTurn = 4;  // 128 KiB, then the others have theirs
constexpr int kAcceptsPerTurn = 64;
constexpr size_t kVectors = 64;  // slices in one sendmsg

/// What an event is about stands in the low bits of the pointer it carries.
enum Tag : uint64_t { kSocketTag, kListenerTag, kConnectorTag, kWakeTag, kAlarmTag, kRestTag };
constexpr uint64_t kTagMask = 7;

uint64_t tagged(const void* pointer, Tag tag) { return reinterpret_cast<uint64_t>(pointer) | tag; }
template <typename T>
T& pointee(uint64_t data) {
  return *reinterpret_cast<T*>(data & ~kTagMask);
}

itimerspec spec_of(Duration time) {
  const auto count = std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
  itimerspec spec{};
  spec.it_value.tv_sec = count / 1'000'000'000;
  spec.it_value.tv_nsec = count % 1'000'000'000;
  return spec;
}

}  // namespace

class EpollLoop::Socket final : public Connection {
 public:
  using Connection::Connection;
  bool readable = false;  ///< the last recv did not show that the socket is empty
  bool hangup = false;    ///< the end is near: read until it is there
  bool blocked = false;   ///< waits for EPOLLOUT

  uint32_t events() const {
    return EPOLLET | (resting() ? 0U : EPOLLIN | EPOLLRDHUP) | (blocked ? EPOLLOUT : 0U);
  }
};

Result<std::unique_ptr<Reactor>> EpollLoop::create() {
  auto loop = std::make_unique<EpollLoop>();
  SLUICE_TRY(loop->open());
  return loop;
}

Result<> EpollLoop::open() {
  SLUICE_TRY(tasks_.open());
  epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_.valid()) return fail(io_error("epoll_create1", errno));
  alarm_fd_.reset(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  rest_fd_.reset(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!alarm_fd_.valid() || !rest_fd_.valid()) return fail(io_error("timerfd_create", errno));
  if (control(EPOLL_CTL_ADD, tasks_.wake_fd(), EPOLLIN, kWakeTag) != 0 ||
      control(EPOLL_CTL_ADD, alarm_fd_.get(), EPOLLIN, kAlarmTag) != 0 ||
      control(EPOLL_CTL_ADD, rest_fd_.get(), EPOLLIN, kRestTag) != 0) {
    return fail(io_error("epoll_ctl", errno));
  }
  return {};
}

EpollLoop::~EpollLoop() { destroy_connections(); }

int EpollLoop::control(int operation, int fd, uint32_t events, uint64_t data) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = data;
  return ::epoll_ctl(epoll_.get(), operation, fd, &event);
}

// -- Connections

std::unique_ptr<Connection> EpollLoop::make_connection(UniqueFd fd, const Address& peer) {
  auto socket = std::make_unique<Socket>(*this, std::move(fd), peer);
  if (control(EPOLL_CTL_ADD, socket->fd(), socket->events(),
              tagged(static_cast<Connection*>(socket.get()), kSocketTag)) != 0) {
    socket->receive_ended(errno);  // told to the owner once there is one
  }
  return socket;
}

void EpollLoop::receive_wanted(Connection& connection) {
  auto& socket = static_cast<Socket&>(connection);
  if (socket.readable) read(socket);
}

void EpollLoop::socket_event(Socket& socket, uint32_t events) {
  if (socket.released()) return;
  if ((events & EPOLLOUT) != 0 && socket.blocked) {
    socket.blocked = false;
    watch(socket);
    mark_dirty(socket);
  }
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0) return;
  receive_now(socket);
  socket.readable = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) socket.hangup = true;
  if (socket.wants_receive()) {
    read(socket);
  } else if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
    // Not to be read now, but broken: the owner may be waiting for this very stream to move.
    const int error = take_socket_error(socket.fd());
    socket.receive_ended(error == 0 ? ECONNRESET : error);
  }
}

void EpollLoop::read(Socket& socket) {
  for (int turn = 0; turn < kReadsPerTurn; ++turn) {
    if (!socket.readable || !socket.wants_receive()) return;
    Slice data(buffers_.take(), 0, 0);
    const ssize_t count = ::recv(socket.fd(), data.writable(), Buffer::kSize, 0);
    if (count > 0) {
      socket.flow().received(static_cast<size_t>(count));
      // A short read has emptied the socket; what comes after it is a new edge.
      if (static_cast<size_t>(count) < Buffer::kSize && !socket.hangup) {
        socket.readable = false;
        if (socket.flow().steady()) {
          rest(socket);
          watch(socket);
        }
      }
      socket.received(data.sub(0, static_cast<uint32_t>(count)));
      continue;
    }
    if (count < 0 && errno == EINTR) continue;
    socket.readable = false;
    if (count == 0) {
      socket.receive_ended(0);
    } else if (errno != EAGAIN) {
      socket.receive_ended(errno);
    }
    return;
  }
  if (socket.readable) mark_ready(socket);
}

void EpollLoop::flush() {
  for (Connection* connection : take_dirty()) {
    auto& socket = static_cast<Socket&>(*connection);
    if (!socket.blocked && socket.prepare_output()) write(socket);
  }
  if (Clock::time_point at; alarm_needed(at)) {
    const itimerspec spec = spec_of(at.time_since_epoch());
    ::timerfd_settime(alarm_fd_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
  }
  if (rest_needed()) {
    const itimerspec spec = spec_of(SteadyFlow::kRest);
    ::timerfd_settime(rest_fd_.get(), 0, &spec, nullptr);
  }
}

void EpollLoop::write(Socket& socket) {
  // Whoever is told something is listened to at once.
  socket.flow().sent();
  receive_now(socket);
  iovec vectors[kVectors];
  do {
    size_t total = 0;
    msghdr message{};
    message.msg_iov = vectors;
    message.msg_iovlen = socket.output().gather(vectors, kVectors, total);
    const ssize_t count = message.msg_iovlen == 1 ? ::send(socket.fd(), vectors[0].iov_base,
                                                           vectors[0].iov_len, MSG_NOSIGNAL)
                                                  : ::sendmsg(socket.fd(), &message, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno != EAGAIN) {
      socket.send_failed(errno);
      return;
    }
    if (count > 0) socket.sent(static_cast<size_t>(count));
    if (count < static_cast<ssize_t>(total)) {
      socket.blocked = true;
      watch(socket);
      return;
    }
  } while (socket.prepare_output());
}

void EpollLoop::watch(Socket& socket) {
  control(EPOLL_CTL_MOD, socket.fd(), socket.events(),
          tagged(static_cast<Connection*>(&socket), kSocketTag));
}

void EpollLoop::receive_now(Socket& socket) {
  if (!socket.resting()) return;
  end_rest(socket);
  watch(socket);
}

void EpollLoop::rested(Connection& connection) {
  watch(static_cast<Socket&>(connection));  // brings an event for what has come meanwhile
}

// -- Waiting

void EpollLoop::wait(bool block) {
  const int count =
      ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), block ? -1 : 0);
  if (count < 0 && errno != EINTR) log::critical(io_error("epoll_wait", errno).text);
  for (int i = 0; i < count; ++i) dispatch(events_[static_cast<size_t>(i)]);
}

void EpollLoop::dispatch(const epoll_event& event) {
  const uint64_t data = event.data.u64;
  uint64_t count = 0;
  switch (data & kTagMask) {
    case kSocketTag:
      socket_event(static_cast<Socket&>(pointee<Connection>(data)), event.events);
      break;
    case kListenerTag:
      accept_all(pointee<Listener>(data));
      break;
    case kConnectorTag:
      pointee<Connector>(data).on_writable();
      break;
    case kWakeTag:
      if (::read(tasks_.wake_fd(), &count, sizeof count) > 0) tasks_.run_remote();
      break;
    case kAlarmTag:
      if (::read(alarm_fd_.get(), &count, sizeof count) > 0) alarm_rang();
      break;
    case kRestTag:
      if (::read(rest_fd_.get(), &count, sizeof count) > 0) rest_over();
      break;
    default:
      break;
  }
}

// -- Listening and connecting

Result<> EpollLoop::watch(const std::shared_ptr<Listener>& listener) {
  if (control(EPOLL_CTL_ADD, listener->fd(), EPOLLIN, tagged(listener.get(), kListenerTag)) != 0) {
    return fail(io_error("epoll_ctl", errno));
  }
  return {};
}

void EpollLoop::unwatch(const std::shared_ptr<Listener>& listener) {
  control(EPOLL_CTL_DEL, listener->fd(), 0, 0);
}

void EpollLoop::accept_all(Listener& listener) {
  for (int i = 0; i < kAcceptsPerTurn && !listener.closed(); ++i) {
    UniqueFd fd(::accept4(listener.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd.valid()) {
      listener.accepted(std::move(fd));
      continue;
    }
    if (errno == EAGAIN) return;
    if (listener.accept_failed(errno)) {
      control(EPOLL_CTL_DEL, listener.fd(), 0,
              0);  // watched again after the pause
      return;
    }
  }
}

void EpollLoop::watch(const std::shared_ptr<Connector>& connector) {
  control(EPOLL_CTL_ADD, connector->fd(), EPOLLOUT | EPOLLONESHOT,
          tagged(connector.get(), kConnectorTag));
}

void EpollLoop::unwatch(const std::shared_ptr<Connector>& connector) {
  control(EPOLL_CTL_DEL, connector->fd(), 0, 0);
}

}  // namespace sluice::net
