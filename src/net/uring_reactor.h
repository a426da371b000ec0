#pragma once

#include <memory>

#include "net/reactor_base.h"

namespace sluice::net {

/// The io_uring back end: multishot accept and receive, provided buffers, one submission a batch.
/// Needs Linux 6.1. An error says what the kernel refused.
Result<std::unique_ptr<Reactor>> create_uring_reactor();

}  // namespace sluice::net
