// Session: the planner is asked how many rows a statement would touch, before it is decided on.
#include "gateway/refusals.h"
#include "gateway/server_identity.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "sql/plan_estimate.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

bool Session::estimate_first(const Piece& piece, Bytes text, const Statement& statement) {
  if (redone_ && redone_->estimated) return false;
  // Planning runs what is not volatile.
  const auto& identity = admission_.database->config().identity;
  if (changes_identity(identity, statement.facts())) return false;
  const auto& runtime = *worker_.runtime();
  const auto& judgement =
      statement.meaning->judgement(runtime.policy, *principal_, *admission_.database);
  // Parameters are not known yet when a statement is parsed: the rule is then taken at its worst.
  const bool can = statement.facts().statements == 1 && text.find('$') == Bytes::npos &&
                   transaction_ != 'E' && piece.whole();
  if (!judgement.needs_estimate() || !can) return false;
  const std::string question = "EXPLAIN (FORMAT JSON) " + std::string(text);
  defer(piece, kEstimating);
  deferred_->estimated = true;
  run_own({question}, [this](OwnRun& run) {
    if (!deferred_) return;
    const auto& results = run.answer.results;
    if (run.answer.error) {
      deferred_failed(*run.answer.error);
    } else if (results.size() == 1 && results[0].size() == 1 && results[0][0][0]) {
      deferred_->estimate = sql::estimated_rows(*results[0][0][0]);
    }
    take_deferred(kEstimating);
  });
  return true;
}

/// A statement of ours has failed on behalf of the client's: its error is the client's answer.
void Session::deferred_failed(const pg::ErrorFields& error) {
  deferred_->refused =
      refusal("server-error", std::string(error.sqlstate()), std::string(error.message()), "");
  // In a pipeline the server now skips to the client's Sync, and so do we.
  if (skip_until_sync_) send_to_client(refusal_response(*deferred_->refused));
}

}  // namespace sluice::gateway
