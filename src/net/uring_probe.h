#pragma once

#include <liburing.h>

#include "base/result.h"

namespace sluice::net {

/// The ring features the io_uring back end is built on (Linux 6.1).
constexpr unsigned kUringSetup =
    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL;

/// Tries on a real ring and a socket pair everything the back end relies on; an error names what
/// this kernel, or its administrator, does not allow. Done once per process.
const Result<>& probe_uring();

}  // namespace sluice::net
