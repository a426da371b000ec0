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

namespace {

/// Whether something whose answer is to come may open or close cursors.
bool moves_ahead(const ExpectedQueue& expected) {
  for (size_t i = 0; i < expected.size(); ++i) {
    const Expected& entry = expected.at(i);
    const bool runs = entry.kind == RequestKind::kQuery || entry.kind == RequestKind::kExecute ||
                      entry.kind == RequestKind::kFunctionCall;
    if (runs && (!entry.text || moves_cursors(entry.text->facts()))) return true;
  }
  return false;
}

auto changed_since_opened(std::string_view what, bool held) {
  return refusal("policy-since-opened", "55000",
                 fmt::format("{} changed since cursors of this {} were opened", what,
                             held ? "session that nobody knows by name" : "transaction"),
                 held ? "Say CLOSE ALL, by itself, and open the cursor anew."
                      : "Open the cursor anew, in another transaction.");
}

}  // namespace

/// What bounds what is taken from `name`: the statement that has opened it where that is known, and
/// else the tightest that may have. Null: nothing does.
Session::DecisionPtr Session::bounds_of_cursor(const std::string& name) const {
  if (!opened_.bounds) return nullptr;
  const auto cursor = opened_.declared.find(name);
  if (cursor == opened_.declared.end() || moves_ahead(expected_)) return opened_.bounds;
  return cursor->second.decision;
}

/// A cursor that was opened under another policy, or for whom is somebody else by now (other
/// groups, a grant that is over, another end user), is decided on anew before more is taken from
/// it; one that nobody knows by name by then is opened anew. Null: it may go on.
Session::DecisionPtr Session::cursor_under_policy(const std::string& name) {
  const std::string& version = worker_.runtime()->policy->version();
  const auto found = opened_.declared.find(name);
  const bool known = found != opened_.declared.end();
  if (!known || moves_ahead(expected_)) {
    if (const auto what = opened_.changed(version, principal_->id); !what.empty()) {
      return changed_since_opened(what,
                                  opened_.opened_under.changed(version, principal_->id).empty());
    }
  }
  if (!known) return nullptr;
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

/// What `entry`, which is about to be sent, and the prepared statements that it runs may open, and
/// put off until COMMIT.
void Session::note_opened(const Expected& entry, bool writes) {
  if (entry.decision) {
    const auto open = [&](const Statement& text) {
      opened_.open(text.facts(), *entry.decision, writes, principal_->id);
    };
    if (entry.text) open(*entry.text);
    for (const Executed& executed : executing_) open(*executed.text);
    const bool deferrable = writes && (!scope_.scope || scope_.scope->catalog->has_deferrable());
    if (deferrable) opened_.put_off(entry.decision->limits, *entry.decision);
  }
  if (!entry.text) opened_.take(worker_.runtime()->policy->version(), principal_->id);
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
  auto kept = opened_.declared.extract(taken);
  opened_.forget_declared();
  if (kept) opened_.declared.insert(std::move(kept));
  prepared_.doubt_named_portals(entry.kind == RequestKind::kExecute ? entry.portal : Bytes());
}

/// What `entry`'s statement has opened is known by its name from now on.
void Session::follow_cursors(const Expected& entry, std::string_view command) {
  if (entry.of_cursor) follow_taken(entry);
  if (!entry.text) return;
  const auto& facts = entry.text->facts();
  if (command == "DECLARE CURSOR" && entry.completed < facts.results.size()) {
    const auto& opened = facts.results[entry.completed];
    prepared_.close_portal(opened.declares);
    opened_.declare(opened.declares,
                    {entry.text, entry.completed, entry.decision, entry.principal});
    opened_.use.opened(opened.declares, opened.held);
    return;
  }
  if (command == "CLOSE CURSOR ALL" || command == "DISCARD ALL") {
    if (facts.statements == 1 && !runs_behind_front(expected_)) opened_.all_closed();
    return;
  }
  bool code = runs_code(facts), moves = moves_cursors_in_code(facts);
  for (const Executed& executed : entry.executed) {
    code = code || runs_code(executed.text->facts());
    moves = moves || moves_cursors_in_code(executed.text->facts());
  }
  // Code may open cursors under any name that is free, and close those there are.
  if (code && (moves || opened_.moves)) opened_.forget_declared();
  // But not the portal that it runs in: nothing can close that.
  if (moves) {
    prepared_.doubt_named_portals(entry.kind == RequestKind::kExecute ? entry.portal : Bytes());
  }
}

}  // namespace sluice::gateway
