#pragma once

#include <memory>
#include <mutex>
#include <stop_token>

#include "base/bounded_cache.h"
#include "control/http_server.h"
#include "control/running_statements.h"
#include "mcp/protocol.h"

namespace sluice::control {

/// Calls of tools that run, so that `notifications/cancelled` of the Model Context Protocol ends
/// them ("Cancellation"). A call is told by the token that it came with, by the Mcp-Session-Id that
/// its client was given, and by its id: whoever knows all three made it. Any thread.
class McpCalls {
 public:
  using Run = RunningStatements::Run;

  /// A call that begins, until what is returned goes; its token is stopped where it is cancelled,
  /// or was before it came to its turn. Never null. One that cannot be told from another that runs,
  /// or has an id of more than 60 bytes, is not cancelled.
  std::unique_ptr<Run> begin(const HttpRequest& request, const mcp::Message& message);
  /// Whether `request` only says that a call is not wanted any more: that has been heeded then, and
  /// is answered at once, behind nothing. Cheap for all else.
  bool cancels(const HttpRequest& request);

 private:
  static constexpr size_t kRemembered = size_t{256} << 10;  ///< bytes

  RunningStatements running_;
  std::mutex mutex_;
  /// Those that were cancelled and did not run: they may wait for their turn.
  BoundedCache<bool> unwanted_{kRemembered};
};

}  // namespace sluice::control
