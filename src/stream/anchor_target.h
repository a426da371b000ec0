#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "config/anchors.h"
#include "tlog/checkpoint.h"

namespace sluice::stream {

/// A signed checkpoint on its way out.
struct SignedCheckpoint {
  std::string note;  ///< as it was signed
  tlog::Checkpoint head;

  static Result<SignedCheckpoint> parse(std::string note);
};

/// The name that a place gives it: by its size, and apart from others of that size whether it says
/// that the log was closed. A start signs the same tree anew, without that word.
std::string file_name(const tlog::Checkpoint& head);

/// What became of a push.
struct Pushed {
  std::optional<Error> error = std::nullopt;  ///< nothing: it was taken
  /// The place knows another history of this log. Another try does not help, a person must look.
  bool refused = false;
  Duration retry_after = Duration::zero();  ///< it asks to be left alone so long
};

/// A place that keeps checkpoints. Used by one thread.
class AnchorTarget {
 public:
  virtual ~AnchorTarget() = default;
  /// Hands over a checkpoint and waits until it is taken: for the configured timeout at most, and
  /// not once the anchor is being stopped.
  virtual Pushed push(const SignedCheckpoint& checkpoint) = 0;
};

/// The target that a configuration asks for. Nothing is connected yet, but files that it names must
/// be there. `audit` is `<state>/audit`; `stopping` ends what is under way and outlives the target.
Result<std::unique_ptr<AnchorTarget>> make_anchor_target(const config::AnchorConfig& config,
                                                         const std::filesystem::path& audit,
                                                         const std::atomic<bool>& stopping);

}  // namespace sluice::stream
