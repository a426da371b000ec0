#include "net/listener.h"

#include <cerrno>

#include "base/log.h"
#include "net/event_loop.h"

namespace sluice::net {

namespace {
constexpr auto kRetryPause = std::chrono::milliseconds(100);
}  // namespace

Listener::Listener(EventLoop& loop, int fd, Reactor::AcceptHandler on_accept)
    : loop_(loop), fd_(fd), on_accept_(std::move(on_accept)), retry_(loop, [this] {
        if (auto watched = loop_.watch(shared_from_this()); !watched) retry_.arm(kRetryPause);
      }) {}

void Listener::close() {
  closed_ = true;
  retry_.cancel();
}

void Listener::accepted(UniqueFd fd) {
  if (closed_) return;
  const Address peer = peer_address(fd.get());
  on_accept_(loop_.adopt(std::move(fd), peer));
}

bool Listener::accept_failed(int error) {
  switch (error) {
    // What went wrong was that one connection's own affair (accept(2), "Error handling").
    case ECONNABORTED:
    case EINTR:
    case EAGAIN:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case ECANCELED:
      return false;
    default:
      break;
  }
  log::warn("cannot accept connections for {} ms: {}", kRetryPause.count(),
            io_error("accept", error).text);
  retry_.arm(kRetryPause);
  return true;
}

}  // namespace sluice::net
