#pragma once

#include <atomic>
#include <mutex>
#include <string>

namespace sluice::audit {

/// What stands in the way of logging. From any thread.
class Trouble {
 public:
  /// Of the segments; empty when it is over. `for_good`: until the next start.
  void set(std::string text, bool for_good);
  /// Of the tree: without one there is no evidence, and statements wait for it as for the log
  /// itself. Empty when it goes on.
  void set_tree(const std::string& problem);
  /// Nothing is logged any more.
  void close();

  /// Nothing new is begun until it ends.
  bool broken() const { return broken_.load(std::memory_order_acquire); }
  /// Not even what has happened can be logged.
  bool for_good() const { return for_good_.load(std::memory_order_acquire); }
  std::string text() const {
    const std::lock_guard lock(mutex_);
    return problem_.empty() ? tree_problem_ : problem_;
  }

 private:
  mutable std::mutex mutex_;
  std::string problem_;
  std::string tree_problem_;
  std::atomic<bool> for_good_{false};
  std::atomic<bool> broken_{false};
};

}  // namespace sluice::audit
