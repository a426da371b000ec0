#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "mcp/query_client.h"

namespace sluice::mcp {

/// Connections of agents that are kept between their statements, each for one credential, database
/// and way of use. Any thread.
class Connections {
 public:
  /// One that is in use; what is not given back is closed.
  struct Lease {
    std::string key;
    std::unique_ptr<QueryClient> client;
  };

  /// One that is kept, or a new one. `key` says for whom: with another one is never the same
  /// connection.
  Result<Lease> take(const std::string& key, const Login& login);
  void give_back(Lease lease);
  /// Closes those that nobody has used for a while.
  void tidy();

 private:
  struct Idle {
    std::unique_ptr<QueryClient> client;
    Clock::time_point since;
  };
  std::mutex mutex_;
  std::map<std::string, std::vector<Idle>> idle_;
};

}  // namespace sluice::mcp
