#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "config/config.h"
#include "gateway/gateway.h"
#include "store/database.h"

namespace sluice::control {

/// Keeps in the store which runs and credentials of agents are tainted (gateway/taints.h), so that
/// a restart does not take it back, and tells the gateway what others that share the store know.
class TaintKeeper {
 public:
  static Result<std::unique_ptr<TaintKeeper>> open(gateway::Gateway& gateway,
                                                   const config::Config& config);
  ~TaintKeeper();

 private:
  TaintKeeper(gateway::Gateway& gateway, store::Database database)
      : gateway_(gateway), database_(std::move(database)) {}
  Result<> recall();
  void work();
  Result<> write();

  gateway::Gateway& gateway_;
  store::Database database_;  ///< of `thread_` alone, once it runs
  int64_t version_ = 0;       ///< of the store, as last read
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<std::string, int64_t>> fresh_;  ///< to be written
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sluice::control
