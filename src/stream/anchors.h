#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/anchors.h"
#include "stream/anchor.h"

namespace sluice::stream {

/// All anchors of a gateway, a thread each. Its methods may be called from any thread.
class Anchors {
 public:
  /// Starts them all; an error names the anchor that cannot be used as it is configured, and why.
  /// One that cannot be reached is no error: statements do not wait for it.
  static Result<std::unique_ptr<Anchors>> start(const std::vector<config::AnchorConfig>& configs,
                                                Anchor::Surroundings surroundings);

  /// Whether these could be used, without touching those that run.
  static Result<> check(const std::vector<config::AnchorConfig>& configs);
  /// Runs these instead. Anchors keep what they counted by their names; all push once.
  Result<> reload(const std::vector<config::AnchorConfig>& configs);
  /// Ends all; what was not pushed is covered by the first push of the next start.
  void stop();
  /// The same, behind a last push of each: of the checkpoint that has closed the log, which none
  /// of a later start tells of. Waits for them, up to `longest` in all.
  void finish(Duration longest);
  /// In the order of the configuration.
  std::vector<AnchorState> states() const;

 private:
  struct Running {
    config::AnchorConfig config;
    std::shared_ptr<AnchorCounters> counters;
    std::unique_ptr<Anchor> anchor;
  };

  explicit Anchors(Anchor::Surroundings surroundings) : surroundings_(std::move(surroundings)) {}
  std::vector<Running> take_running();
  /// `mutex_` is held.
  Result<> launch(const std::vector<config::AnchorConfig>& configs);

  Anchor::Surroundings surroundings_;
  mutable std::mutex mutex_;
  std::vector<Running> running_;
  std::map<std::string, std::shared_ptr<AnchorCounters>> counters_;
};

}  // namespace sluice::stream
