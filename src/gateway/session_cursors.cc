// Session: what is taken from cursors and portals, and by what it is bounded.
#include <fmt/format.h>

#include "gateway/in_flight.h"
#include "gateway/refusals.h"
#include "gateway/session.h"
#include "gateway/worker.h"

namespace sluice::gateway {

/// What Bind has opened is decided on as it is executed: by SQL it would be taken from undecided.
Session::DecisionPtr Session::portal_as_cursor(const sql::StatementFacts& facts) {
  for (const std::string& name : facts.cursors) {
    if (prepared_.find_portal(name) == nullptr && bind_ahead(expected_, name).bind == nullptr)
      continue;
    return refusal(
        "portal-as-cursor", "34000",
        fmt::format("portal \"{}\" was opened by Bind, and is not for FETCH or MOVE", name),
        "Execute the portal, or DECLARE a cursor.");
  }
  return nullptr;
}

/// What bounds what is taken from `name`: the statement that has opened it where that is known, and
/// else the tightest that may have. Null: nothing does.
Session::DecisionPtr Session::bounds_of_cursor(const std::string& name) const {
  if (!opened_.bounds) return nullptr;
  const auto cursor = cursors_.find(name);
  if (cursor == cursors_.end()) return opened_.bounds;
  for (size_t i = 0; i < expected_.size(); ++i) {
    const Expected& entry = expected_.at(i);
    const bool runs = entry.kind == RequestKind::kQuery || entry.kind == RequestKind::kExecute;
    if (runs && (!entry.text || moves_cursors(entry.text->facts()))) return opened_.bounds;
  }
  return cursor->second.decision;
}

/// A cursor that was opened under another policy, or for whom is somebody else by now (other
/// groups, a grant that is over, another end user), is decided on anew before more is taken from
/// it; what code has opened by then is opened anew. Null: it may go on.
Session::DecisionPtr Session::cursor_under_policy(const std::string& name) {
  const std::string& version = worker_.runtime()->policy->version();
  const auto found = cursors_.find(name);
  if (found == cursors_.end()) {
    const bool same_policy = opened_.policy == version;
    if (opened_.policy.empty() || (same_policy && opened_.principal == principal_->id))
      return nullptr;
    return refusal("policy-since-opened", "55000",
                   fmt::format("{} changed since cursors of this transaction were opened",
                               same_policy ? "for whom this is has" : "the policy has"),
                   "Open the cursor anew, in another transaction.");
  }
  Cursor& cursor = found->second;
  if (!cursor.decision ||
      (cursor.decision->policy_version == version && cursor.principal == principal_->id))
    return nullptr;
  auto now = decide(*cursor.text, cursor.decision->estimated_rows);
  if (!now->allowed()) return now;
  opened_.open(cursor.text->facts(), *now, cursor.text->facts().writes, principal_->id);
  cursor.decision = std::move(now);
  cursor.principal = principal_->id;
  return nullptr;
}

/// What is taken from a cursor is bounded as what opened it, and means what it meant there.
void Session::bound_by_cursors(const sql::StatementFacts& facts, DecisionPtr& decision,
                               bool& writes) {
  if (!decision->allowed()) return;
  if (auto why = portal_as_cursor(facts)) {
    decision = std::move(why);
    return;
  }
  if (opened_.elsewhere(facts, scope_.id)) {
    decision = names_since_opened();
    return;
  }
  if (facts.cursors.empty()) return;
  writes = writes || opened_.write;
  for (const std::string& name : facts.cursors) {
    if (auto why = cursor_under_policy(name)) {
      decision = std::move(why);
      return;
    }
    if (const auto by = bounds_of_cursor(name)) decision = tightened(*decision, by->limits);
  }
}

/// Follows what cursors may have done as one of them was taken from: the code that they run closes
/// others and opens new ones of their names.
void Session::follow_taken(const Expected& entry) {
  if (!opened_.moves) return;
  const bool result = entry.text && entry.completed < entry.text->facts().results.size();
  const std::string& taken =
      result ? entry.text->facts().results[entry.completed].fetches : entry.portal;
  // Nothing can close the one that runs.
  auto kept = cursors_.extract(taken);
  cursors_.clear();
  if (kept) cursors_.insert(std::move(kept));
  prepared_.doubt_named_portals(entry.kind == RequestKind::kExecute ? entry.portal : Bytes());
}

}  // namespace sluice::gateway
