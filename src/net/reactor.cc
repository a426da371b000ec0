#include "net/reactor.h"

#include "base/log.h"
#include "net/epoll_loop.h"
#include "net/uring_loop.h"

namespace sluice::net {

Result<std::unique_ptr<Reactor>> Reactor::create(Backend backend) {
  if (backend == Backend::kEpoll) return EpollLoop::create();
  auto uring = UringLoop::create();
  if (uring || backend == Backend::kUring) return uring;
  log::info("using epoll: {}", uring.error().text);
  return EpollLoop::create();
}

}  // namespace sluice::net
