#pragma once

#include <memory>

#include "net/reactor_base.h"

namespace sluice::net {

/// The epoll back end, for kernels and containers without io_uring.
Result<std::unique_ptr<Reactor>> create_epoll_reactor();

}  // namespace sluice::net
