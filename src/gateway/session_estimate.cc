// Session: the planner is asked how many rows a statement would touch, or what it costs, before it
// is decided on.
#include <chrono>

#include <fmt/format.h>

#include "gateway/budgets.h"
#include "gateway/refusals.h"
#include "gateway/server_identity.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "sql/plan_estimate.h"
#include "sql/planner_cost.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

namespace {

/// Of parameters that Parse declares, as SQL calls them; empty where the catalog does not know one.
std::vector<std::string> type_names(Bytes oids, const catalog::Catalog* catalog) {
  std::vector<std::string> out;
  for (; oids.size() >= 4; oids.remove_prefix(4)) {
    const auto* type = catalog != nullptr ? catalog->type(load_be32(oids.data())) : nullptr;
    const bool plain =
        type != nullptr && (type->schema + type->name).find('"') == std::string::npos;
    out.push_back(plain ? "\"" + type->schema + "\".\"" + type->name + "\"" : std::string());
  }
  return out;
}

constexpr std::string_view kCostName = "sluice_cost";
/// How long the planner's word on a text counts: its statistics change less often.
constexpr std::chrono::seconds kEstimateLasts{30};

}  // namespace

bool Session::estimate_first(const Piece& piece, Bytes text, const Statement& statement) {
  if (redone_ && redone_->estimated) return false;
  // Planning runs what is not volatile.
  const auto& identity = admission_.database->config().identity;
  const auto& facts = statement.facts();
  if (changes_identity(identity, facts)) return false;
  if (facts.statements != 1 || transaction_ == 'E' || !piece.whole()) return false;
  const auto& runtime = *worker_.runtime();
  const auto& judgement =
      statement.meaning->judgement(runtime.policy, *principal_, *admission_.database);
  // Parameters are not known yet when a statement is parsed: the rule is then taken at its worst.
  const bool rows = judgement.needs_estimate() && text.find('$') == Bytes::npos;
  const Spender spender = spender_of(admission_, acting_, now_.wall_micros);
  // What is refused anyway is not planned for its cost.
  const bool cost = counts_planner_cost(*runtime.policy, spender) &&
                    sql::planned(facts) == sql::Planned::kYes &&
                    decide(statement, std::nullopt)->effect != policy::Effect::kDeny;
  if (!rows && !cost) return false;
  Bytes types;
  if (piece.type == pg::kParse) types = pg::decode_parse(piece.body())->types;
  // What the planner's word depends on, besides what others write: settings, for one, of which
  // each session has its own.
  std::string key = fmt::format("{} {} {} {}\n{}", id_, epoch_, scope_.id, principal_->id, text) +
                    std::string(types);
  const auto known = worker_.estimates().find(key);
  defer(piece, kEstimating);
  deferred_->estimated = true;
  if (known && known->until > now_.steady && (known->rows || !rows) && (known->cost || !cost)) {
    deferred_->estimate = rows ? known->rows : std::nullopt;
    deferred_->cost = cost ? known->cost : std::nullopt;
    worker_.post([id = id_](Worker& self) {
      if (Session* session = self.find_session(id)) session->take_deferred(kEstimating);
    });
    return true;
  }
  const auto questions = sql::plan_questions(
      text, cost ? facts.parameters : 0,
      type_names(types, scope_.scope ? scope_.scope->catalog.get() : nullptr), kCostName);
  run_own(questions.all, [this, at = questions.plan_at, rows, cost,
                          key = std::move(key)](OwnRun& run) {
    if (!deferred_) return;
    const auto& results = run.answer.results;
    if (run.answer.error) {
      deferred_failed(run);
    } else if (results.size() > at && results[at].size() == 1 && results[at][0].size() == 1 &&
               results[at][0][0]) {
      if (rows) deferred_->estimate = sql::estimated_rows(*results[at][0][0]);
      if (cost) deferred_->cost = sql::total_cost(*results[at][0][0]);
      const Estimate estimate{deferred_->estimate, deferred_->cost, now_.steady + kEstimateLasts};
      worker_.estimates().insert(key, std::make_shared<const Estimate>(estimate), sizeof estimate);
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
