#pragma once

#include <string>
#include <vector>

namespace sluice::config {

/// `api`: who may do what over HTTP, and how browsers get here (docs/api.md).
struct ApiConfig {
  /// Groups whose members have a role; everybody is a member.
  std::vector<std::string> admins, auditors, approvers = {"approvers"};
  std::string url;      ///< where browsers reach this, without a slash at its end
  std::string console;  ///< folder of the console's files; empty: the one that came with the binary
  unsigned requests_per_second = 50;  ///< of one user; four times as many at once
};

}  // namespace sluice::config
