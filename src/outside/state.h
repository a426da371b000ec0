#pragma once

#include <cstdint>
#include <string>

namespace sluice::outside {

/// How a webhook does.
struct State {
  std::string name;
  std::string format;  ///< "json", "slack", "teams"
  std::string target;  ///< scheme and host
  bool working = true;
  uint64_t sent = 0;      ///< messages that the receiver has taken
  uint64_t dropped = 0;   ///< that it refused for good, or did not take for too long
  uint64_t failures = 0;  ///< tries that failed
  std::string last_error;
};

}  // namespace sluice::outside
