#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "config/config.h"
#include "gateway/gateway.h"
#include "store/database.h"

namespace sluice::control {

/// Lets gateways that share a store share budgets: each tells what it has let be used, and learns
/// what the others have, every second. Where that does not succeed for a few seconds, nothing that
/// a budget counts may begin (policy/ledger.h).
class BudgetKeeper {
 public:
  /// Null: the store is this gateway's own, and there is nobody to share with.
  static Result<std::unique_ptr<BudgetKeeper>> open(gateway::Gateway& gateway,
                                                    const config::Config& config);
  ~BudgetKeeper();

 private:
  BudgetKeeper(gateway::Gateway& gateway, store::Database database, std::string name)
      : gateway_(gateway), database_(std::move(database)), name_(std::move(name)) {}
  Result<> exchange();
  Result<> tell();
  Result<> learn();
  void work();

  gateway::Gateway& gateway_;
  store::Database database_;  ///< of `thread_` alone, once it runs
  std::string name_;          ///< of this gateway
  int64_t learned_micros_ = 0, forgot_micros_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sluice::control
