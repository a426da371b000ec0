#pragma once

#include <memory>

#include "base/clock.h"
#include "gateway/server_timeout.h"
#include "net/reactor.h"

namespace sluice::gateway {

/// Watches how long a session's statements run.
struct DurationWatch {
  std::unique_ptr<net::Timer> timer;  ///< made when first needed
  Clock::time_point due;              ///< when it fires, while armed
  Moment last_end;                    ///< when the server came to what it runs now
  ServerTimeout at_server;
  bool flushed = false;      ///< the client waits for answers without a Sync
  bool bind_begins = false;  ///< the Bind that is looked at follows a Sync, all else is answered
};

}  // namespace sluice::gateway
