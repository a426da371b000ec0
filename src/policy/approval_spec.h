#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "policy/on_call.h"

namespace sluice::policy {

struct Rule;

/// `approve` of a rule that holds: who may let a statement through, and for how long.
struct ApprovalSpec {
  std::string rule;                   ///< the rule's name
  std::vector<ApprovalStage> stages;  ///< in this order; people of one are not those of another
  /// How long a statement waits at the gateway for its approval; zero: it is refused at once, and
  /// run again once it is approved.
  Duration wait = std::chrono::minutes(5);
  /// The same inside a transaction, whose locks others may be waiting for.
  Duration wait_in_transaction = std::chrono::seconds(30);
  Duration valid = std::chrono::hours(1);  ///< from the request until nothing can come of it
  std::optional<uint64_t> max_rows;        ///< that the statement may change, once approved
  /// How long it can be undone; zero: it cannot.
  Duration undoable = Duration::zero();
  /// Of who and when: approved at once where all of it holds. Null: never.
  std::shared_ptr<const Rule> automatic;
  bool lint_clean = false;  ///< `automatic` also asks that lint finds nothing worse than advice
};

}  // namespace sluice::policy
