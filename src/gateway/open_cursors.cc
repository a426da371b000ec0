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

/// `decision`, bounding nothing but the time and, of what is told, the bytes.
std::shared_ptr<const policy::Decision> only_at_commit(const policy::Decision& decision,
                                                       const policy::Limits& limits) {
  auto only = std::make_shared<policy::Decision>(decision);
  only->limits = {};
  only->limits.duration = limits.duration;
  only->limits.bytes = limits.bytes;
  return only;
}

template <typename T>
bool tighter(const std::optional<policy::Bound<T>>& bound,
             const std::optional<policy::Bound<T>>& than) {
  return bound && (!than || bound->most < than->most);
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
  opened_under.add(decision.policy_version, whom);
  if (moves_cursors_in_code(facts) || (moves && !facts.cursors.empty()))
    held_under.add(decision.policy_version, whom);
  write = write || writes;
  const auto& limits = decision.limits;
  if (declares(facts, true)) put_off(limits, decision);
  if (!limits.on_results() && !limits.on_changes() && !limits.capture) return;
  bounds = bounds ? tightened(*bounds, limits) : std::make_shared<const policy::Decision>(decision);
}

void OpenCursors::take(std::string_view policy, uint64_t whom, bool anything) {
  opened_under.add(policy, whom);
  if (anything) forget_declared();
  if (anything || moves) held_under.add(policy, whom);
}

void OpenCursors::put_off(const policy::Limits& limits, const policy::Decision& decision) {
  const policy::Limits none;
  const policy::Limits& now = at_commit ? at_commit->limits : none;
  if (!tighter(limits.duration, now.duration) && !tighter(limits.bytes, now.bytes)) return;
  auto only = only_at_commit(decision, limits);
  at_commit = at_commit ? tightened(*at_commit, only->limits) : std::move(only);
}

std::string_view OpenCursors::changed(std::string_view policy, uint64_t whom) const {
  const std::string_view here = opened_under.changed(policy, whom);
  return here.empty() ? held_under.changed(policy, whom) : here;
}

void OpenCursors::declare(const std::string& name, Cursor cursor) {
  if (declared.size() >= kMostDeclared) forget_declared();
  unheld = unheld || !cursor.held();
  declared[name] = std::move(cursor);
}

void OpenCursors::forget_declared() {
  for (const auto& [name, cursor] : declared) {
    const std::string_view policy =
        cursor.decision ? std::string_view(cursor.decision->policy_version) : std::string_view();
    opened_under.add(policy, cursor.principal);
    if (cursor.held()) held_under.add(policy, cursor.principal);
  }
  declared.clear();
}

void OpenCursors::all_closed() {
  declared.clear();
  held_under = {};
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
  if (unheld) std::erase_if(declared, [](const auto& each) { return !each.second.held(); });
  code = moves = unheld = held = several = false;
  doubts = 0;
  opened_under = {};
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
