// Session: what names of statements, portals and cursors stand for, while answers are to come.
#include <algorithm>

#include <fmt/format.h>

#include "gateway/refusals.h"
#include "gateway/session.h"
#include "gateway/worker.h"

namespace sluice::gateway {
namespace {

using What = sql::PreparedUse::What;

/// Whether `entry` makes `name` stand for something, or for nothing.
bool settles(const Expected& entry, Bytes name) {
  if (entry.kind == RequestKind::kParse) return entry.statement == name;
  if (entry.kind == RequestKind::kClose) return !entry.close_portal && entry.statement == name;
  return last_use(entry, name) != nullptr;
}

bool settles_portal(const Expected& entry, Bytes portal) {
  if (entry.kind == RequestKind::kBind) return entry.portal == portal;
  return entry.kind == RequestKind::kClose && entry.close_portal && entry.portal == portal;
}

/// Where in the queue of answers the client's unfinished pipeline begins. What fails of it takes
/// all behind it along, so that what comes next may rely on it; what stands before may fail and
/// leave a name standing for what it was.
size_t pipeline_start(const ExpectedQueue& expected) {
  size_t start = expected.size();
  while (start > 0 && !expected.at(start - 1).ends_with_ready()) --start;
  return start;
}

template <typename Settles>
bool in_flight(const ExpectedQueue& expected, Settles settles_it) {
  const size_t start = pipeline_start(expected);
  for (size_t i = start; i < expected.size(); ++i) {
    if (settles_it(expected.at(i))) return false;
  }
  for (size_t i = 0; i < start; ++i) {
    if (settles_it(expected.at(i))) return true;
  }
  return false;
}

}  // namespace

/// The last PREPARE or DEALLOCATE of `name` that `entry` runs as SQL.
const sql::PreparedUse* last_use(const Expected& entry, Bytes name) {
  const bool runs = entry.kind == RequestKind::kQuery || entry.kind == RequestKind::kExecute;
  if (!runs || !entry.text) return nullptr;
  const auto& uses = entry.text->facts().prepared;
  const auto last = std::find_if(uses.rbegin(), uses.rend(), [&](const auto& use) {
    return use.what == What::kDeallocateAll || (use.what != What::kExecute && use.name == name);
  });
  return last == uses.rend() ? nullptr : &*last;
}

/// Whether `entry` may leave `portal` standing for something else, or for nothing.
bool takes_portal(const Expected& entry, Bytes portal) {
  if (entry.kind == RequestKind::kClose) return entry.close_portal && entry.portal == portal;
  // What runs cannot close the portal that it runs in.
  const bool own = entry.kind == RequestKind::kExecute && entry.portal == portal;
  const bool runs = entry.kind == RequestKind::kQuery || entry.kind == RequestKind::kExecute;
  if (portal.empty() || own || !runs) return false;
  // Without a text it is a cursor that SQL has opened, whatever that runs.
  if (!entry.text) return entry.kind == RequestKind::kExecute;
  return moves_cursors(entry.text->facts()) || !entry.text->facts().transaction.empty();
}

/// Whether what `name` stands for depends on something that may fail by itself.
bool Session::statement_in_flight(Bytes name) const {
  return in_flight(expected_, [&](const Expected& entry) { return settles(entry, name); });
}

bool Session::portal_in_flight(Bytes portal) const {
  return in_flight(expected_, [&](const Expected& entry) { return settles_portal(entry, portal); });
}

/// What Bind has opened is decided on as it is executed: by SQL it would be taken from undecided.
Session::DecisionPtr Session::portal_as_cursor(const sql::StatementFacts& facts) {
  for (const std::string& name : facts.cursors) {
    bool other = false;
    if (prepared_.find_portal(name) == nullptr && bind_ahead(name, other) == nullptr) continue;
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

/// A cursor that was opened under another policy is decided on anew before more is taken from it;
/// what code has opened by then is opened anew. Null: it may go on.
Session::DecisionPtr Session::cursor_under_policy(const std::string& name) {
  const std::string& version = worker_.runtime()->policy->version();
  const auto found = cursors_.find(name);
  if (found == cursors_.end()) {
    if (opened_.policy.empty() || opened_.policy == version) return nullptr;
    return refusal("policy-since-opened", "55000",
                   "the policy has changed since cursors of this transaction were opened",
                   "Open the cursor anew, in another transaction.");
  }
  Cursor& cursor = found->second;
  if (!cursor.decision || cursor.decision->policy_version == version) return nullptr;
  auto now = decide(*cursor.text, cursor.decision->estimated_rows);
  if (!now->allowed()) return now;
  opened_.open(cursor.text->facts(), *now, cursor.text->facts().writes);
  cursor.decision = std::move(now);
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
