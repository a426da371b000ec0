#include "gateway/open_cursors.h"

#include <algorithm>

#include "gateway/changes.h"

namespace sluice::gateway {
namespace {

using sql::ActionKind;

template <typename Is>
bool any_action(const sql::StatementFacts& facts, Is is) {
  return std::any_of(facts.actions.begin(), facts.actions.end(), is);
}

bool has(const sql::StatementFacts& facts, ActionKind kind) {
  return any_action(facts, [&](const sql::Action& action) { return action.kind == kind; });
}

bool declares(const sql::StatementFacts& facts, bool held) {
  return std::any_of(facts.results.begin(), facts.results.end(), [&](const auto& result) {
    return !result.declares.empty() && (result.held || !held);
  });
}

/// `decision`, bounding nothing but the time.
std::shared_ptr<const policy::Decision> only_duration(const policy::Decision& decision) {
  auto only = std::make_shared<policy::Decision>(decision);
  only->limits = {};
  only->limits.duration = decision.limits.duration;
  return only;
}

/// Whether names may mean something else behind it.
bool turns_names(const sql::StatementFacts& facts) {
  return facts.may_change_settings || facts.schema_change || facts.temporary_change ||
         facts.dynamic_sql;
}

}  // namespace

bool runs_code(const sql::StatementFacts& facts) {
  return !facts.functions.empty() || facts.dynamic_sql || has(facts, ActionKind::kCall);
}

bool moves_cursors_in_code(const sql::StatementFacts& facts) {
  return runs_code(facts) && (facts.dynamic_sql || has(facts, ActionKind::kCursor));
}

bool moves_cursors(const sql::StatementFacts& facts) {
  return facts.dynamic_sql || has(facts, ActionKind::kCall) || has(facts, ActionKind::kCursor);
}

bool looked_up_when_run(const sql::StatementFacts& facts) {
  // What puts SQL together was allowed to do anything, whatever its names mean.
  if (facts.dynamic_sql) return false;
  if (!facts.functions.empty()) return true;
  const bool planned = facts.kind == "SELECT" || facts.kind == "INSERT" || facts.kind == "UPDATE" ||
                       facts.kind == "DELETE" || facts.kind == "MERGE";
  // What EXECUTE runs is looked at by itself.
  return !planned && facts.prepared.empty() &&
         any_action(facts, [](const sql::Action& action) { return !action.targets.empty(); });
}

void OpenCursors::open(const sql::StatementFacts& facts, const policy::Decision& decision,
                       bool writes, uint64_t whom) {
  if (!runs_code(facts) && !has(facts, ActionKind::kCursor)) return;
  if (policy.empty()) {
    policy = decision.policy_version;
    principal = whom;
  }
  write = write || writes;
  const auto& limits = decision.limits;
  if (limits.duration && declares(facts, true) &&
      (!at_commit || limits.duration->most < at_commit->limits.duration->most)) {
    at_commit = only_duration(decision);
  }
  if (!limits.on_results() && !limits.on_changes() && !limits.capture) return;
  bounds = bounds ? tightened(*bounds, limits) : std::make_shared<const policy::Decision>(decision);
}

void OpenCursors::note_code(const sql::StatementFacts& facts, uint64_t in_scope, uint8_t brings) {
  if (!runs_code(facts) || (!declares(facts, false) && !moves_cursors_in_code(facts))) return;
  several = several || (code && scope != in_scope);
  code = true;
  moves = moves || moves_cursors_in_code(facts);
  held = held || declares(facts, true);
  doubts |= brings;
  scope = in_scope;
}

void OpenCursors::end_transaction() {
  code = moves = held = several = false;
  doubts = 0;
  policy.clear();
  scope = 0;
  at_commit.reset();
  use.end_transaction();
}

bool OpenCursors::elsewhere(const sql::StatementFacts& facts, uint64_t now) const {
  const bool takes = !facts.cursors.empty();
  const bool holds = held || (runs_code(facts) && declares(facts, true));
  // In the same text, or, of what runs at COMMIT, before it: a Sync may be one.
  if (turns_names(facts) && (holds || (takes && (code || runs_code(facts))))) return true;
  return takes && elsewhere(now);
}

}  // namespace sluice::gateway
