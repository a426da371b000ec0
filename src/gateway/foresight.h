#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "gateway/asking.h"
#include "mask/statement_plan.h"
#include "policy/exposure.h"
#include "policy/proofs.h"
#include "policy/understand.h"

namespace sluice::gateway {

/// A step of a script of which more is to be known before it runs.
struct WantedStep {
  std::string_view text;
  const policy::Understood* understood = nullptr;
  bool estimated = false;  ///< its names are by then what they are now
  bool held = false;       ///< some rule holds it
  bool tried_out = false;  ///< a rule that holds it wants a dry run
};

struct WantedScript {
  std::vector<WantedStep> steps = {};
  bool together = false;           ///< they run in one transaction
  policy::Exposure exposure = {};  ///< of who wants it
};

/// What is to be expected of a step.
struct Foreseen {
  /// Rows that the planner expects now, whatever the steps before change.
  std::optional<double> estimated_rows;
  /// Of one that is to be tried out: what it changes behind the steps before it, or why that is
  /// not known.
  std::optional<policy::DryRun> dry_run;
};

/// Whether the planner can be asked about a text: one statement on rows, without parameters.
bool can_be_explained(const sql::StatementFacts& facts, std::string_view text);

/// Why the planner is not asked about a statement on a connection of the gateway's own; empty: it
/// may be. Planning calls functions that are not volatile, and here it would call them as the
/// gateway. `masking`: what is planned for who asks; null where that is looked at elsewhere.
std::string_view why_not_planned(const sql::StatementFacts& facts,
                                 const mask::StatementPlan* masking);

/// Rows that the planner expects, in a transaction that changes nothing and is taken back.
Result<double> planned_rows(Asking& asking, std::string_view text);

/// Asks the server about all steps of a script, on a connection of its own; nothing of it is left.
/// A dry run is of all steps in one transaction, and so there is one only where each of them may be
/// tried out. Rows are counted for nobody who could learn from their number what `exposure` hides.
/// Blocking. Errors: those of Asking::connect.
Result<std::vector<Foreseen>> foresee(const config::DatabaseConfig& config,
                                      const WantedScript& script);

}  // namespace sluice::gateway
