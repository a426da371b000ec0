#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "approval/request.h"
#include "base/clock.h"
#include "base/result.h"

namespace sluice::change {

enum class State : uint8_t {
  kWaiting,  ///< for the request that was made for it; or that has been decided on
  kReady,    ///< no rule holds anything of it
  kRefused,  ///< nobody could approve it
  kRunning,
  kDone,
  kFailed,     ///< at some step, or interrupted; what ran before it says the record of steps
  kCancelled,  ///< before it ran
  kRollingBack,
  kRolledBack,
  kRollbackFailed,
};

/// "waiting", "ready", "refused", "running", "done", "failed", "cancelled", "rolling_back",
/// "rolled_back", "rollback_failed".
std::string_view name_of(State state);
std::optional<State> find_state(std::string_view name);

/// The script that does the change, or the one that takes it back.
enum class Part : uint8_t { kScript, kRollback };

/// "script", "rollback".
std::string_view name_of(Part part);
std::optional<Part> find_part(std::string_view name);

enum class StepState : uint8_t {
  kRunning,
  kRan,  ///< in a transaction that has not been committed yet
  kDone,
  kFailed,
  kUndone,   ///< it ran, and its transaction was rolled back
  kUnknown,  ///< the connection was lost before the server had said how it ended
};

/// "running", "ran", "done", "failed", "undone", "unknown".
std::string_view name_of(StepState state);
std::optional<StepState> find_step_state(std::string_view name);

/// One step on one target, once it has begun.
struct StepRun {
  Part part = Part::kScript;
  size_t target = 0;  ///< in Change::targets
  size_t step = 0;    ///< from 0
  StepState state = StepState::kRunning;
  int64_t started_micros = 0;
  int64_t ended_micros = 0;  ///< 0: not yet
  std::string message = {};  ///< the command tag, or the error
};

/// A script that is to run on several databases, one after the other.
struct Change {
  int64_t number = 0;  ///< 1, 2, 3, …; 0: not kept yet
  State state = State::kWaiting;
  int64_t created_micros = 0;
  std::string requester;
  std::vector<std::string> actors;  ///< Credential::actors of who asked
  std::string title, reason, ticket;
  std::vector<std::string> targets;  ///< databases, in this order
  std::string script;
  std::string rollback;     ///< empty: none
  std::string attestation;  ///< what a CI says of them (attestation.h); empty: nothing
  Duration lock_timeout = std::chrono::seconds(5);
  Duration statement_timeout = std::chrono::minutes(10);
  int64_t request = 0;  ///< of approval::Request; 0: none
  std::string problem;  ///< why it failed or was refused
  int64_t started_micros = 0, ended_micros = 0;
  /// The schema's fingerprint of each target, in their order, as the run has left it; empty where
  /// that is not known. A rollback is for exactly that.
  std::vector<std::string> schemas_after;
  std::vector<StepRun> steps;
};

/// Bounds of what is submitted: title and reason are there, and all of it is of some size at most.
Result<> check(const Change& change);

/// What people are asked to approve: `session`, `schema` and `policy` are those of all targets.
approval::Subject subject_of(const Change& change, std::string session, std::string schema,
                             std::string policy);

/// "5s", "90ms": what parse_duration reads.
std::string text_of(Duration duration);

}  // namespace sluice::change
