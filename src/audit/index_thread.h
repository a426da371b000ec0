#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "audit/follower.h"
#include "audit/index.h"
#include "audit/index_lag.h"
#include "base/clock.h"

namespace sluice::audit {

/// Keeps the index of a log that is being written not far behind it.
class IndexThread {
 public:
  /// `audit_directory` is `<state>/audit`; `written`: the newest number that the log has given out.
  IndexThread(std::filesystem::path audit_directory, std::function<uint64_t()> written)
      : directory_(std::move(audit_directory)), written_(std::move(written)) {}
  ~IndexThread() { stop(); }
  IndexThread(const IndexThread&) = delete;
  IndexThread& operator=(const IndexThread&) = delete;

  void start();
  /// Indexes what can be in a moment, then ends; what is left is for the next start.
  void stop();
  /// How far it is; from any thread.
  const IndexLag& lag() const { return lag_; }

 private:
  /// Why it does not go on with an index: the thread stops, or the index is to be made anew.
  enum class Over : uint8_t { kStopped, kStale };

  void run();
  /// An error: the index cannot be had now.
  Result<Over> follow_log();
  Result<Index> open() const;
  /// Counts in `read` what it hands over.
  bool index_some(Index& index, LogFollower& follower, Clock::time_point until, size_t& read);
  bool stopping() {
    const std::lock_guard lock(mutex_);
    return stopping_;
  }
  bool flush(Index& index, const LogFollower& follower);

  std::filesystem::path directory_;
  std::function<uint64_t()> written_;
  IndexLag lag_;
  std::string told_;  ///< of an index that cannot be had
  std::mutex mutex_;
  bool stopping_ = false;
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace sluice::audit
