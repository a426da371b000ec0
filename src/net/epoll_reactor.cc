#include "net/epoll_reactor.h"

#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <unordered_map>
#include <unordered_set>

#include "base/log.h"
#include "net/connection.h"

namespace sluice::net {
namespace {

/// Something registered with epoll: its data pointer points here.
struct Watched {
  virtual ~Watched() = default;
  virtual void ready(uint32_t events) = 0;
};

class EpollReactor : public ReactorBase {
 public:
  static Result<std::unique_ptr<Reactor>> create();
  ~EpollReactor() override;

  std::string_view backend_name() const override { return "epoll"; }
  void run() override;
  Result<> listen(int fd, AcceptHandler on_accept) override;
  void close_listener(int fd) override;
  std::unique_ptr<PendingConnect> connect(const Address& address, Duration timeout,
                                          ConnectHandler on_done) override;

  /// `operation` is EPOLL_CTL_ADD, _MOD or _DEL.
  void control(int operation, int fd, uint32_t events, Watched* watched);
  void adopt(const std::shared_ptr<Connection>& connection) { live_.insert(connection); }
  /// Forgets a connection once this batch of events is over: one of them may still name it.
  void abandon(const std::shared_ptr<Connection>& connection) {
    live_.erase(connection);
    dead_.push_back(connection);
  }
  Slice& scratch() {
    if (scratch_.bytes().data() == nullptr) scratch_ = Slice(buffers_.take(), 0, 0);
    return scratch_;
  }

 private:
  struct Wake : Watched {
    explicit Wake(EpollReactor& r) : reactor(r) {}
    void ready(uint32_t) override { reactor.clear_wake(); }
    EpollReactor& reactor;
  };
  struct Listener : Watched {
    Listener(EpollReactor& r, int f, AcceptHandler a)
        : reactor(r), fd(f), on_accept(std::move(a)), again(r, [this] {
            reactor.control(EPOLL_CTL_MOD, fd, EPOLLIN, this);
          }) {}
    void ready(uint32_t events) override;
    EpollReactor& reactor;
    int fd;
    AcceptHandler on_accept;
    Timer again;
    bool closing = false;
  };
  struct Connect : Watched {
    Connect(EpollReactor& r, Address a, ConnectHandler d)
        : reactor(r), address(a), on_done(std::move(d)), timeout(r, [this] { finish(ETIMEDOUT); }) {}
    void ready(uint32_t events) override;
    void finish(int error);
    EpollReactor& reactor;
    Address address;
    ConnectHandler on_done;
    Timer timeout;
    int fd = -1;
  };
  struct ConnectHandle : PendingConnect {
    explicit ConnectHandle(std::weak_ptr<Connect> c) : connect(std::move(c)) {}
    ~ConnectHandle() override {
      if (const auto c = connect.lock(); c && c->on_done) {
        c->on_done = nullptr;
        c->finish(ECANCELED);
      }
    }
    std::weak_ptr<Connect> connect;
  };

  int epoll_ = -1;
  Wake wake_{*this};
  std::unordered_map<int, std::unique_ptr<Listener>> listeners_;
  std::unordered_set<std::shared_ptr<Connection>> live_;
  std::unordered_map<Connect*, std::shared_ptr<Connect>> connects_;
  std::vector<std::shared_ptr<Connect>> done_connects_;
  std::vector<std::shared_ptr<Connection>> dead_;
  Slice scratch_;
};

class EpollConnection : public Connection, private Watched {
 public:
  EpollConnection(EpollReactor& reactor, int fd, const Address& peer)
      : Connection(reactor, fd, peer), epoll_(reactor) {
    epoll_.control(EPOLL_CTL_ADD, fd_, interest_, this);
  }
  void start_send() override;
  void start_receive() override { update(interest_ | EPOLLIN); }
  void close_socket() override;

 private:
  void ready(uint32_t events) override;
  void receive();
  void update(uint32_t interest) {
    if (interest == interest_) return;
    interest_ = interest;
    epoll_.control(EPOLL_CTL_MOD, fd_, interest_, this);
  }
  EpollReactor& epoll_;
  uint32_t interest_ = EPOLLIN;
};

void EpollConnection::ready(uint32_t events) {
  const auto keep = shared_from_this();
  if (closed_) return;
  if ((events & EPOLLOUT) != 0 && sending_) {
    sending_ = false;
    update(interest_ & ~static_cast<uint32_t>(EPOLLOUT));
    start_send();
  }
  if (closed_ || (events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP)) == 0) return;
  receive();
}

void EpollConnection::receive() {
  // A few buffers at a time: one busy connection must not starve the others.
  for (int i = 0; i < 4 && !closed_; ++i) {
    if (!wants_input()) {
      update(interest_ & ~static_cast<uint32_t>(EPOLLIN));
      return;
    }
    Slice& scratch = epoll_.scratch();
    const ssize_t got = recv(fd_, scratch.writable(), Buffer::kSize, 0);
    if (got < 0) {
      if (errno != EAGAIN && errno != EINTR) failed(io_error("receive", errno));
      return;
    }
    if (got == 0) {
      failed({ErrorCode::kUnavailable, "closed by peer"});
      return;
    }
    Slice data = scratch.sub(0, static_cast<uint32_t>(got));
    scratch = Slice();
    received(std::move(data));
    if (static_cast<size_t>(got) < Buffer::kSize) return;
  }
}

void EpollConnection::start_send() {
  while (output_head_ < output_.size()) {
    std::array<iovec, 16> parts;
    const size_t count = std::min(output_.size() - output_head_, parts.size());
    size_t total = 0;
    for (size_t i = 0; i < count; ++i) {
      const Bytes bytes = output_[output_head_ + i].bytes();
      parts[i] = {const_cast<char*>(bytes.data()), bytes.size()};
      total += bytes.size();
    }
    msghdr header{};
    header.msg_iov = parts.data();
    header.msg_iovlen = count;
    const ssize_t done = sendmsg(fd_, &header, MSG_NOSIGNAL);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0 && errno != EAGAIN) {
      failed(io_error("send", errno));
      return;
    }
    if (done < 0 || static_cast<size_t>(done) < total) {
      sending_ = true;
      update(interest_ | EPOLLOUT);
      if (done > 0) sent(static_cast<size_t>(done));
      return;
    }
    sent(static_cast<size_t>(done));
    if (closed_) return;
  }
}

void EpollConnection::close_socket() {
  sending_ = false;
  output_.clear();
  output_head_ = 0;
  epoll_.control(EPOLL_CTL_DEL, fd_, 0, nullptr);
  ::close(std::exchange(fd_, -1));
  epoll_.abandon(shared_from_this());
}

Result<std::unique_ptr<Reactor>> EpollReactor::create() {
  auto reactor = std::make_unique<EpollReactor>();
  reactor->epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (reactor->epoll_ < 0) return fail(io_error("epoll_create", errno));
  reactor->control(EPOLL_CTL_ADD, reactor->wake_fd(), EPOLLIN, &reactor->wake_);
  return reactor;
}

EpollReactor::~EpollReactor() {
  scratch_ = Slice();
  connects_.clear();
  listeners_.clear();
  live_.clear();
  if (epoll_ >= 0) close(epoll_);
}

void EpollReactor::control(int operation, int fd, uint32_t events, Watched* watched) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = watched;
  epoll_ctl(epoll_, operation, fd, &event);
}

void EpollReactor::run() {
  std::array<epoll_event, 256> events;
  while (!stopping()) {
    run_pending();
    dead_.clear();
    done_connects_.clear();
    const Duration wait = wait_time();
    // Rounded up: a timer that is not due yet would only make the loop spin.
    const int milliseconds =
        wait.count() < 0 ? -1 : static_cast<int>(std::min<int64_t>((wait.count() + 999'999) / 1'000'000, 60'000));
    const int count = epoll_wait(epoll_, events.data(), events.size(), milliseconds);
    if (count < 0 && errno != EINTR) {
      log::critical("epoll: {}", io_error("wait", errno).text);
      return;
    }
    for (int i = 0; i < count; ++i) static_cast<Watched*>(events[i].data.ptr)->ready(events[i].events);
  }
}

Result<> EpollReactor::listen(int fd, AcceptHandler on_accept) {
  auto listener = std::make_unique<Listener>(*this, fd, std::move(on_accept));
  control(EPOLL_CTL_ADD, fd, EPOLLIN, listener.get());
  listeners_[fd] = std::move(listener);
  return {};
}

void EpollReactor::close_listener(int fd) {
  const auto it = listeners_.find(fd);
  if (it == listeners_.end()) return;
  it->second->closing = true;
  it->second->again.cancel();
  control(EPOLL_CTL_DEL, fd, 0, nullptr);
}

void EpollReactor::Listener::ready(uint32_t) {
  for (int i = 0; i < 64 && !closing; ++i) {
    Address peer;
    peer.length = sizeof peer.storage;
    const int accepted = accept4(fd, reinterpret_cast<sockaddr*>(&peer.storage), &peer.length,
                                 SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted < 0) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        log::warn("cannot accept a connection: {}", io_error("accept", errno).text);
        reactor.control(EPOLL_CTL_MOD, fd, 0, this);  // Not at once: nothing has changed yet.
        again.arm(std::chrono::milliseconds(100));
      }
      return;
    }
    const auto connection = std::make_shared<EpollConnection>(reactor, accepted, peer);
    reactor.adopt(connection);
    on_accept(connection->make_stream());
  }
}

std::unique_ptr<Reactor::PendingConnect> EpollReactor::connect(const Address& address,
                                                               Duration timeout,
                                                               ConnectHandler on_done) {
  auto connect = std::make_shared<Connect>(*this, address, std::move(on_done));
  connect->fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  connects_.emplace(connect.get(), connect);
  connect->timeout.arm(timeout);
  if (::connect(connect->fd, reinterpret_cast<const sockaddr*>(&address.storage), address.length) != 0 &&
      errno != EINPROGRESS) {
    const int error = errno;
    // Later, as promised: the caller does not have its handle yet.
    post([weak = std::weak_ptr<Connect>(connect), error] {
      if (const auto c = weak.lock()) c->finish(error);
    });
  } else {
    control(EPOLL_CTL_ADD, connect->fd, EPOLLOUT, connect.get());
  }
  return std::make_unique<ConnectHandle>(connect);
}

void EpollReactor::Connect::ready(uint32_t) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  finish(error);
}

void EpollReactor::Connect::finish(int error) {
  const auto it = reactor.connects_.find(this);
  if (it == reactor.connects_.end()) return;
  const auto keep = it->second;
  reactor.connects_.erase(it);
  reactor.done_connects_.push_back(keep);
  timeout.cancel();
  reactor.control(EPOLL_CTL_DEL, fd, 0, nullptr);
  const auto done = std::exchange(on_done, nullptr);
  if (error != 0 || !done) {
    ::close(fd);
    if (done && error == ETIMEDOUT) {
      done(fail(ErrorCode::kTimeout, "connect to " + address.to_string() + ": timed out"));
    } else if (done) {
      done(fail(io_error("connect to " + address.to_string(), error)));
    }
    return;
  }
  const auto connection = std::make_shared<EpollConnection>(reactor, fd, address);
  reactor.adopt(connection);
  done(connection->make_stream());
}

}  // namespace

Result<std::unique_ptr<Reactor>> create_epoll_reactor() { return EpollReactor::create(); }

}  // namespace sluice::net
