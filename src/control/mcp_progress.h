#pragma once

#include <mutex>
#include <string>

#include <boost/json.hpp>

#include "base/clock.h"
#include "control/http_server.h"
#include "mcp/protocol.h"

namespace sluice::control {

/// How a call of a tool goes on, over all looks that its answer takes: what its client is told
/// meanwhile (`notifications/progress` of the Model Context Protocol, "Progress"), once a second. A
/// client is told if it has given a progressToken for it and takes event streams. Any thread.
class McpProgress {
 public:
  /// The call begins now, unless it has before. `what` is told of it: "query is running".
  void begin(const HttpRequest& request, const mcp::Message& message, std::string what);
  /// Since it began; zero where it has not.
  Duration elapsed();
  /// What is to be told now, as an event; "": nothing.
  std::string next();

 private:
  std::mutex mutex_;
  boost::json::value token_;  ///< null: nobody wants to be told
  std::string what_;
  Clock::time_point begun_{}, told_{};
};

}  // namespace sluice::control
