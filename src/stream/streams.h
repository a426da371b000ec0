#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/streams.h"
#include "stream/pump.h"
#include "stream/state.h"

namespace sluice::stream {

/// All streams of a gateway. Its methods may be called from any thread.
class Streams {
 public:
  struct Options {
    std::filesystem::path state;              ///< <state>; cursors are kept in <state>/streams
    std::string version;                      ///< of the program, for receivers
    std::function<uint64_t()> last_sequence;  ///< of the audit log, now
  };
  /// Starts them all; an error names the stream that cannot be used as it is configured, and why.
  /// One that only lacks its place in the log is shown as not working: statements do not wait for
  /// it.
  static Result<std::unique_ptr<Streams>> start(const std::vector<config::StreamConfig>& configs,
                                                Options options);

  /// Whether these could be used, without touching those that run.
  static Result<> check(const std::vector<config::StreamConfig>& configs);
  /// Runs these instead. Streams keep their place, and what they counted, by their names.
  Result<> reload(const std::vector<config::StreamConfig>& configs);
  /// Ends all; what was not delivered is at the next start.
  void stop();
  /// In the order of the configuration.
  std::vector<State> states() const;

 private:
  struct Running {
    config::StreamConfig config;
    std::shared_ptr<Counters> counters;
    std::unique_ptr<Pump> pump;  ///< null: it could not be started
  };

  explicit Streams(Options options) : options_(std::move(options)) {}
  /// `mutex_` is held.
  Result<> launch(const std::vector<config::StreamConfig>& configs);
  Result<> prepare();
  std::filesystem::path folder() const { return options_.state / "streams"; }

  Options options_;
  Source source_;
  mutable std::mutex mutex_;
  std::vector<Running> running_;
  std::map<std::string, std::shared_ptr<Counters>> counters_;
};

}  // namespace sluice::stream
