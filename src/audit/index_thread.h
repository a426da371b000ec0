#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>

#include "audit/follower.h"
#include "audit/index.h"
#include "base/clock.h"

namespace sluice::audit {

/// Keeps the index of a log that is being written not far behind it.
class IndexThread {
 public:
  /// `audit_directory` is `<state>/audit`.
  explicit IndexThread(std::filesystem::path audit_directory)
      : directory_(std::move(audit_directory)) {}
  ~IndexThread() { stop(); }
  IndexThread(const IndexThread&) = delete;
  IndexThread& operator=(const IndexThread&) = delete;

  void start();
  /// Indexes what can be in a moment, then ends; what is left is for the next start.
  void stop();
  /// The newest record in the index.
  uint64_t indexed() const { return indexed_.load(std::memory_order_relaxed); }

 private:
  /// Why it does not go on with an index: the thread stops, or the index is to be made anew.
  enum class Over : uint8_t { kStopped, kStale };

  void run();
  /// An error: the index cannot be had now.
  Result<Over> follow_log();
  Result<Index> open() const;
  bool index_some(Index& index, LogFollower& follower, Clock::time_point until);
  bool stopping() {
    const std::lock_guard lock(mutex_);
    return stopping_;
  }
  bool flush(Index& index, const LogFollower& follower);

  std::filesystem::path directory_;
  std::atomic<uint64_t> indexed_{0};
  uint64_t last_read_ = 0;
  std::string told_;  ///< of an index that cannot be had
  std::mutex mutex_;
  bool stopping_ = false;
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace sluice::audit
