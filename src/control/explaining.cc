#include "control/explaining.h"

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "control/masking_json.h"
#include "mask/audience.h"
#include "mask/catalog_types.h"
#include "mask/statement_plan.h"
#include "policy/exposure.h"
#include "policy/weigh.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

Result<double> ask_planner(gateway::Gateway& gateway, const std::string& database,
                           const std::string& text) {
  double rows = 0;
  SLUICE_TRY(gateway.ask_server(database, false, [&](gateway::Asking& server) -> Result<> {
    SLUICE_ASSIGN(rows, gateway::planned_rows(server, text));
    return {};
  }));
  return rows;
}

/// Whether what is decided hangs on the estimate: of what is refused anyway nobody is told how many
/// rows there are.
bool hangs_on_estimate(const ExplainQuestion& question, const policy::Understood& understood) {
  const auto weighed = policy::weigh(*question.policy, *understood.facts, understood.catalog.get(),
                                     question.principal, question.target, question.now,
                                     {.estimated_rows = true}, understood.labels.get());
  return !weighed.unknown.empty() && weighed.best->effect != policy::Effect::kDeny;
}

bool asks_estimate(const ExplainQuestion& question, const policy::Understood& understood) {
  return policy::judge(question.policy, *understood.facts, understood.catalog.get(),
                       question.principal, question.target, understood.labels.get())
      ->needs_estimate();
}

}  // namespace

Explained explain_statement(gateway::Gateway& gateway, const ExplainQuestion& question,
                            const policy::Understood& understood) {
  const sql::StatementFacts& facts = *understood.facts;
  policy::Circumstances now = question.now;
  Explained out;
  std::optional<mask::StatementPlan> masking;
  if (understood.masks && understood.catalog && understood.labels && facts.unanalysable.empty()) {
    const mask::Audience audience(
        understood.catalog, std::make_shared<const mask::CatalogTypes>(*understood.catalog),
        understood.labels,
        policy::exposure(question.policy, question.principal, question.target, now));
    masking = mask::plan(facts, audience);
    out.told["masking"] = masking_json(facts, audience, *masking);
  }
  if (asks_estimate(question, understood)) {
    json::object estimate;
    std::string why(gateway::why_not_planned(facts, masking ? &*masking : nullptr));
    if (!hangs_on_estimate(question, understood)) why = "the verdict does not hang on it";
    if (why.empty()) {
      const auto rows = ask_planner(gateway, question.target.database, question.text);
      if (rows) now.estimated_rows = *rows;
      if (!rows) why = rows.error().text;
    }
    if (now.estimated_rows) estimate["rows"] = std::llround(std::min(*now.estimated_rows, 1e15));
    if (!why.empty()) estimate["why_not"] = to_printable_utf8(why);
    out.told["estimate"] = std::move(estimate);
  }
  out.explanation =
      policy::explain(*question.policy, facts, understood.catalog.get(), question.principal,
                      question.target, now, understood.labels.get());
  return out;
}

}  // namespace sluice::control
