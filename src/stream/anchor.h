#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "stream/anchor_state.h"
#include "stream/anchor_target.h"
#include "stream/backoff.h"

namespace sluice::stream {

/// Pushes the latest checkpoint of a log to one place, on a thread of its own. There is no queue:
/// what was missed while the place was away is covered by the next checkpoint.
class Anchor {
 public:
  struct Surroundings {
    std::filesystem::path audit;  ///< `<state>/audit`
    /// Told once when the place refuses, with what is to stand on the record.
    std::function<void(const std::string& message)> record;
    Duration after_refusal = std::chrono::hours(1);  ///< until it is asked again
  };
  /// Makes the target, as `make_anchor_target` does; for tests.
  using MakeTarget = std::function<Result<std::unique_ptr<AnchorTarget>>(
      const config::AnchorConfig&, const std::filesystem::path&, const std::atomic<bool>&)>;

  /// `counters` may have been counting before.
  static Result<std::unique_ptr<Anchor>> start(const config::AnchorConfig& config,
                                               Surroundings surroundings,
                                               std::shared_ptr<AnchorCounters> counters,
                                               const MakeTarget& make = make_anchor_target);
  ~Anchor();
  Anchor(const Anchor&) = delete;
  Anchor& operator=(const Anchor&) = delete;

  /// Pushes what has been signed by now once more, and ends. Does not wait for that.
  void finish();
  /// Whether it has ended so by then.
  bool finished_by(Clock::time_point until);
  /// Ends what is under way, without waiting for it; the destructor waits.
  void stop();

 private:
  Anchor(const config::AnchorConfig& config, Surroundings surroundings,
         std::shared_ptr<AnchorCounters> counters);
  void run();
  /// Pushes what has grown; how long to rest then.
  Duration once();
  Duration failed(const Pushed& pushed);
  /// False: the anchor is to end.
  bool rest(Duration duration);

  config::AnchorConfig config_;
  Surroundings surroundings_;
  std::shared_ptr<AnchorCounters> counters_;
  Backoff backoff_;
  std::string pushed_;  ///< text of the last note that was taken, since the start
  bool failing_ = false;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool finishing_ = false, finished_ = false;
  std::unique_ptr<AnchorTarget> target_;
  std::thread thread_;
};

}  // namespace sluice::stream
