#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "audit/erasing.h"
#include "audit/log.h"
#include "audit/retention.h"
#include "base/clock.h"

namespace sluice::audit {

/// The thread that looks after what is complete of a log: archives it, and takes out what no
/// retention rule keeps any more.
class Upkeep {
 public:
  struct Options {
    std::optional<Duration> archive_after;  ///< nothing: never
    std::vector<RetentionRule> rules;
    std::optional<int> retain_at = {};  ///< minutes of the day (UTC); nothing: a day after the last
  };
  struct Callbacks {
    std::function<uint64_t()> published;  ///< records that a checkpoint covers
    /// An error: it is not known what is held, and nothing is erased.
    std::function<Result<std::vector<LegalHold>>()> holds;
    Retention::Tell tell;
    /// Waits until what was told is signed.
    std::function<Result<>()> settle = {};
  };
  /// Those of a log that is open.
  static Callbacks callbacks_of(Log& log,
                                std::function<Result<std::vector<LegalHold>>()> load_holds);

  /// `audit` is `<state>/audit`.
  Upkeep(std::filesystem::path audit, Options options, Callbacks callbacks);
  ~Upkeep() { stop(); }
  /// Waits for the segment that is under way.
  void stop();

  /// Waits for nothing; a run that is under way goes on under the rules that it began with.
  void reload(Options options);
  /// Applies the rules now, or only counts what they would take.
  Result<Retention::Counts> retain(bool trial);
  /// Erases records by hand: tells it first, with the reason and `by` whom, waits until that is
  /// signed, and erases what no hold keeps by then. An error: nothing was erased.
  Result<ErasedCount> erase(const Erasure& range, const std::string& reason, const std::string& by);
  /// What is noted to be erased, and the disk does not let be. Any thread.
  Unerased unerased() const;

 private:
  void loop();
  void resume();
  void archive();
  void retain_once_a_day();
  bool stopping() {
    const std::lock_guard lock(mutex_);
    return stopping_;
  }
  std::filesystem::path last_run() const { return audit_ / "retained"; }

  std::filesystem::path audit_;
  Callbacks callbacks_;
  std::mutex work_mutex_;  ///< held as long as a run takes; never taken with `mutex_` held
  Retention retention_;
  std::string told_;  ///< the trouble that was logged last
  mutable std::mutex mutex_;
  Unerased unerased_;
  Options options_;
  bool stopping_ = false;
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace sluice::audit
