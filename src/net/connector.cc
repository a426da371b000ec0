#include "net/connector.h"

#include <cerrno>
#include <utility>

#include <sys/socket.h>

#include "net/event_loop.h"

namespace sluice::net {

namespace {
constexpr auto kRetryPause = std::chrono::milliseconds(10);
}  // namespace

class Connector::Handle final : public Reactor::PendingConnect {
 public:
  explicit Handle(std::shared_ptr<Connector> connector) : connector_(std::move(connector)) {}
  ~Handle() override { connector_->give_up(); }

 private:
  std::shared_ptr<Connector> connector_;
};

Connector::Connector(EventLoop& loop, const Address& address, Reactor::ConnectHandler on_done)
    : loop_(loop),
      address_(address),
      on_done_(std::move(on_done)),
      timeout_(std::in_place, loop, [this] { finish(ETIMEDOUT); }),
      retry_(std::in_place, loop, [this] { attempt(); }) {}

std::unique_ptr<Reactor::PendingConnect> Connector::start(EventLoop& loop, const Address& address,
                                                          Duration timeout,
                                                          Reactor::ConnectHandler on_done) {
  auto connector = std::make_shared<Connector>(loop, address, std::move(on_done));
  connector->timeout_->arm(timeout);
  connector->attempt();
  return std::make_unique<Handle>(std::move(connector));
}

void Connector::attempt() {
  // Not from inside `connect`: the caller does not hold its handle yet.
  const auto finish_later = [this](int error) {
    loop_.post([self = shared_from_this(), error] { self->finish(error); });
  };
  if (!fd_.valid()) {
    auto fd = open_socket(address_);
    if (!fd) return finish_later(errno);
    fd_ = std::move(*fd);
  }
  if (::connect(fd(), reinterpret_cast<const sockaddr*>(&address_.storage), address_.length) == 0) {
    return finish_later(0);
  }
  if (errno == EINPROGRESS || errno == EINTR) {
    watched_ = true;
    loop_.watch(shared_from_this());
  } else if (errno == EAGAIN && address_.storage.ss_family == AF_UNIX) {
    retry_->arm(kRetryPause);  // the listener's queue is full, and nothing says
                               // when it is not
  } else {
    finish_later(errno);
  }
}

void Connector::on_writable() {
  if (!done_) finish(take_socket_error(fd()));
}

void Connector::give_up() {
  if (done_) return;
  end();
  fd_.reset();
  on_done_ = nullptr;
}

void Connector::end() {
  const auto self = shared_from_this();
  if (watched_) loop_.unwatch(self);
  done_ = true;
  timeout_.reset();
  retry_.reset();
  loop_.retire(self);
}

void Connector::finish(int error) {
  if (done_) return;
  const auto self = shared_from_this();
  end();
  UniqueFd fd = std::move(fd_);
  const Reactor::ConnectHandler on_done = std::exchange(on_done_, nullptr);
  if (error == 0) {
    on_done(loop_.adopt(std::move(fd), address_));
    return;
  }
  fd.reset();
  Error reason = io_error("connect to " + address_.to_string(), error);
  reason.code = error == ETIMEDOUT ? ErrorCode::kTimeout : ErrorCode::kUnavailable;
  on_done(fail(std::move(reason)));
}

}  // namespace sluice::net
