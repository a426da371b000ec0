// Session: the planner is asked how many rows a statement would touch, before it is decided on.
#include <chrono>

#include <fmt/format.h>

#include "gateway/refusals.h"
#include "gateway/server_identity.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "sql/plan_estimate.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

namespace {

/// How long the planner's word on a text counts: its statistics change less often.
constexpr std::chrono::seconds kEstimateLasts{30};

}  // namespace

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
  // What the planner's word depends on, besides what others write: settings, for one, of which
  // each session has its own.
  std::string key =
      fmt::format("{} {} {} {}\n{}", id_, planner_epoch_, scope_.id, principal_->id, text);
  const auto known = worker_.estimates().find(key);
  defer(piece, kEstimating);
  deferred_->estimated = true;
  if (known && known->until > now_.steady) {
    deferred_->estimate = known->rows;
    worker_.post([id = id_](Worker& self) {
      if (Session* session = self.find_session(id)) session->take_deferred(kEstimating);
    });
    return true;
  }
  run_own({question}, [this, key = std::move(key)](OwnRun& run) {
    if (!deferred_) return;
    const auto& results = run.answer.results;
    if (run.answer.error) {
      deferred_failed(run);
    } else if (results.size() == 1 && results[0].size() == 1 && results[0][0].size() == 1 &&
               results[0][0][0]) {
      deferred_->estimate = sql::estimated_rows(*results[0][0][0]);
      if (deferred_->estimate) {
        const Estimate estimate{*deferred_->estimate, now_.steady + kEstimateLasts};
        worker_.estimates().insert(key, std::make_shared<const Estimate>(estimate),
                                   sizeof estimate);
      }
    }
    take_deferred(kEstimating);
  });
  return true;
}

/// A statement of ours has failed on behalf of the client's: its error is the client's answer.
void Session::deferred_failed(const OwnRun& run) {
  const pg::ErrorFields& error = *run.answer.error;
  deferred_->refused =
      refusal("server-error", std::string(error.sqlstate()), std::string(error.message()), "");
  // In a pipeline the server now skips to the client's Sync, and so do we. Where something else
  // has failed before, the client is told of that.
  if (skip_until_sync_ && !run.skipped) send_to_client(refusal_response(*deferred_->refused));
}

}  // namespace sluice::gateway
