#include "net/reactor.h"

#include "base/log.h"
#include "net/epoll_reactor.h"
#include "net/uring_reactor.h"

namespace sluice::net {

Result<std::unique_ptr<Reactor>> Reactor::create(Backend backend) {
  if (backend == Backend::kEpoll) return create_epoll_reactor();
  auto uring = create_uring_reactor();
  if (uring || backend == Backend::kUring) return uring;
  log::info("io_uring is not available ({}), using epoll", uring.error().text);
  return create_epoll_reactor();
}

}  // namespace sluice::net
