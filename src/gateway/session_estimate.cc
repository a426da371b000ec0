// Session: the planner is asked how many rows a statement would touch, or what it costs, before it
// is decided on.
#include <algorithm>

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
  const auto questions = sql::plan_questions(
      text, cost ? facts.parameters : 0,
      type_names(types, scope_.scope ? scope_.scope->catalog.get() : nullptr), kCostName);
  defer(piece, kEstimating);
  deferred_->estimated = true;
  run_own(questions.all, [this, at = questions.plan_at, rows, cost](OwnRun& run) {
    if (!deferred_) return;
    const auto& results = run.answer.results;
    if (run.answer.error) {
      deferred_failed(*run.answer.error);
    } else if (results.size() > at && results[at].size() == 1 && results[at][0][0]) {
      if (rows) deferred_->estimate = sql::estimated_rows(*results[at][0][0]);
      if (cost) deferred_->cost = sql::total_cost(*results[at][0][0]);
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
