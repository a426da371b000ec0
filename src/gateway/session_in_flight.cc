// Session: what names of statements, portals and cursors stand for, while answers are to come.
#include <algorithm>

#include "gateway/session.h"

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

/// Whether a text that runs may close a portal, and make a cursor of its name.
bool moves_cursors(const Expected& entry) {
  const bool runs = entry.kind == RequestKind::kQuery || entry.kind == RequestKind::kExecute;
  if (!runs || !entry.text) return false;
  const auto& facts = entry.text->facts();
  return facts.dynamic_sql || !facts.transaction.empty() ||
         std::any_of(facts.actions.begin(), facts.actions.end(), [](const sql::Action& action) {
           return action.kind == sql::ActionKind::kCall || action.kind == sql::ActionKind::kCursor;
         });
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
  return !portal.empty() && !own && moves_cursors(entry);
}

/// Whether what `name` stands for depends on something that may fail by itself.
bool Session::statement_in_flight(Bytes name) const {
  return in_flight(expected_, [&](const Expected& entry) { return settles(entry, name); });
}

bool Session::portal_in_flight(Bytes portal) const {
  return in_flight(expected_, [&](const Expected& entry) { return settles_portal(entry, portal); });
}

/// What `facts` does may open a cursor: reading from it later is bounded as this is.
void Session::note_cursors(const sql::StatementFacts& facts, const policy::Decision& decision,
                           bool writes) {
  const bool may_open =
      !facts.functions.empty() || facts.dynamic_sql ||
      std::any_of(facts.actions.begin(), facts.actions.end(), [](const sql::Action& action) {
        return action.kind == sql::ActionKind::kCall || action.kind == sql::ActionKind::kCursor;
      });
  if (!may_open) return;
  cursors_write_ = cursors_write_ || writes;
  if (facts.cursors.empty()) fetched_rows_ = fetched_bytes_ = 0;
  const auto& limits = decision.limits;
  if (!limits.on_results() && !limits.on_changes() && !limits.capture) return;
  cursor_bounds_ = cursor_bounds_ ? tightened(*cursor_bounds_, limits)
                                  : std::make_shared<policy::Decision>(decision);
}

void Session::bound_by_cursors(const sql::StatementFacts& facts, DecisionPtr& decision,
                               bool& writes) const {
  if (facts.cursors.empty() || !decision->allowed()) return;
  writes = writes || cursors_write_;
  if (cursor_bounds_) decision = tightened(*decision, cursor_bounds_->limits);
}

}  // namespace sluice::gateway
