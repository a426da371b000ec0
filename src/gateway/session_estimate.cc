// Session: the planner is asked how many rows a statement would touch, or what it costs, before it
// is decided on.
#include <chrono>

#include <fmt/format.h>

#include "base/hash.h"
#include "gateway/bounded_words.h"
#include "gateway/budgets.h"
#include "gateway/dry_run.h"
#include "gateway/refusals.h"
#include "gateway/server_identity.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "policy/weigh.h"
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

/// Texts with parameters of users' own types are not kept (Prepared::source).
bool all_of_system(Bytes oids) {
  for (; oids.size() >= 4; oids.remove_prefix(4)) {
    if (load_be32(oids.data()) >= catalog::kFirstUserOid) return false;
  }
  return true;
}

constexpr std::string_view kCostName = "sluice_cost";
/// How long the planner's word on a text counts: its statistics change less often.
constexpr std::chrono::seconds kEstimateLasts{30};

}  // namespace

/// What a lone EXECUTE runs, where asking for its plan calls nothing: that computes its arguments.
const Prepared* Session::executed(const sql::StatementFacts& facts, Prepared& pending) {
  if (facts.kind != "EXECUTE" || facts.prepared.size() != 1 || !facts.functions.empty())
    return nullptr;
  const Prepared* prepared = prepared_ahead(facts.prepared[0].name, pending);
  return prepared != nullptr && prepared->text && !prepared->source.empty() ? prepared : nullptr;
}

/// Asks the planner what rules or budgets want to know of a statement. True: `piece`, which is of
/// `text` with parameters of `types`, waits for its word.
bool Session::estimate_first(const Piece& piece, Bytes text, const Statement& statement,
                             Bytes types) {
  if (redone_ && redone_->estimated) return false;
  // Planning runs what is not volatile.
  const auto& identity = admission_.database->config().identity;
  const auto& facts = statement.facts();
  if (changes_identity(identity, facts)) return false;
  if (facts.statements != 1 || transaction_ == 'E' || !piece.whole()) return false;
  const auto& runtime = *worker_.runtime();
  Prepared pending;
  const Prepared* runs = executed(facts, pending);
  const Statement& judged = runs != nullptr ? *runs->text : statement;
  const auto& judgement =
      judged.meaning->judgement(runtime.policy, *principal_, *admission_.database);
  const bool binds = piece.type == pg::kBind;
  // Parameters are not known yet when a statement is parsed: it is asked at their Bind.
  const bool rows = judgement.needs_estimate() && (binds || facts.parameters == 0);
  // What is bound has been planned for its cost.
  const bool counts = !binds && counts_planner_cost(*runtime.policy, spender_of(admission_, acting_,
                                                                                now_.wall_micros));
  // Understood with types of users' own, it has left no text to be planned.
  const bool planned =
      (rows || counts) && !text.empty() && sql::planned(facts) == sql::Planned::kYes;
  if (!planned) return false;
  // What is refused anyway is not planned for its cost.
  const bool cost = counts && decide(statement, std::nullopt)->effect != policy::Effect::kDeny;
  if (!rows && !cost) return false;
  BoundTo bound{types, {}};
  if (binds && facts.parameters > 0) {
    if (objection(statement)) return false;
    const auto prefix = pg::decode_bind_prefix(piece.body());
    const auto values = pg::bind_parameters(piece.body(), prefix->parameters_offset);
    if (!values) return false;
    bound.parameters = *values;
  }
  // What the planner's word depends on, besides what others write: settings, for one, of which
  // each session has its own.
  std::string key = fmt::format("{} {} {} {}\n{}", id_, epoch_, scope_.id, principal_->id, text) +
                    std::string(types) + (runs != nullptr ? "\n" + runs->source : "");
  if (!bound.parameters.empty()) {
    const auto digest = sha256(bound.parameters);
    key.append(digest.data(), digest.size());
  }
  const auto known = worker_.estimates().find(key);
  if (binds) expected_.drop_back();
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
  ask_planner(text, bound, cost ? facts.parameters : 0,
              {rows, cost, std::move(key), judged.meaning});
  return true;
}

/// Asks for a plan on behalf of what waits. `generic`: of so many parameters whose values are not
/// known.
void Session::ask_planner(Bytes text, const BoundTo& bound, uint32_t generic, Wanted wanted) {
  const auto questions = sql::plan_questions(
      text, generic, type_names(bound.types, scope_.scope ? scope_.scope->catalog.get() : nullptr),
      kCostName);
  const auto take = [this, at = questions.plan_at, wanted = std::move(wanted)](OwnRun& run) {
    if (!deferred_) return;
    const auto& results = run.answer.results;
    if (run.answer.error) {
      deferred_failed(run);
    } else if (results.size() > at && results[at].size() == 1 && results[at][0].size() == 1 &&
               results[at][0][0]) {
      const std::string& plan = *results[at][0][0];
      // Not known: the worst counts.
      const auto* catalog = scope_.scope ? scope_.scope->catalog.get() : nullptr;
      const bool more = wanted.rows && catalog != nullptr &&
                        sql::code_changes_more(wanted.meaning->facts(), *catalog, plan);
      if (wanted.rows && !more) deferred_->estimate = sql::estimated_rows(plan);
      if (wanted.cost) deferred_->cost = sql::total_cost(plan);
      const Estimate estimate{deferred_->estimate, deferred_->cost, now_.steady + kEstimateLasts};
      worker_.estimates().insert(wanted.key, std::make_shared<const Estimate>(estimate),
                                 sizeof estimate);
    }
    take_deferred(kEstimating);
  };
  run_own(questions.all, take, OwnEnd::kAnswered, generic == 0 ? &bound : nullptr);
}

/// What is decided at the Parse or PREPARE of a statement whose estimate is known only with its
/// parameters, as the mildest may come out at its Bind or EXECUTE; null: whatever it is, it is
/// refused.
Session::DecisionPtr Session::once_estimated(const Statement& statement, Bytes types) const {
  const auto& facts = statement.facts();
  const auto& policy = worker_.runtime()->policy;
  const bool later = facts.kind == "PREPARE" ||
                     (facts.parameters > 0 && sql::planned(facts) == sql::Planned::kYes);
  const bool asks =
      later && facts.statements == 1 &&
      statement.meaning->judgement(policy, *principal_, *admission_.database).needs_estimate();
  if (!asks || !all_of_system(types)) return nullptr;
  const auto& database = admission_.database->config();
  const auto labels = policy->asks_classes() ? admission_.database->labels().current() : nullptr;
  const auto weighed =
      policy::weigh(*policy, facts, scope_.scope ? scope_.scope->catalog.get() : nullptr,
                    principal_->principal, {database.name, database.environment},
                    circumstances(&facts), {.estimated_rows = true}, labels.get());
  if (weighed.best->effect == policy::Effect::kDeny) return nullptr;
  return admission_.dry_run ? for_show(weighed.best, facts) : weighed.best;
}

/// A statement of ours has failed on behalf of the client's: its error is the client's answer.
void Session::deferred_failed(const OwnRun& run) {
  const auto fields = veiled_fields(*run.answer.error, nullptr);
  // What COMMIT runs is bounded as the write that has put it off.
  const auto instead = words_left_out(fields, deferred_->counted ? bounded_.get() : nullptr,
                                      fields.message().size());
  const pg::ErrorFields& error = instead ? *instead : fields;
  deferred_->refused =
      refusal("server-error", std::string(error.sqlstate()), std::string(error.message()), "");
  // In a pipeline the server now skips to the client's Sync, and so do we. Where something else
  // has failed before, the client is told of that.
  if (skip_until_sync_ && !run.skipped) send_to_client(refusal_response(*deferred_->refused));
}

}  // namespace sluice::gateway
