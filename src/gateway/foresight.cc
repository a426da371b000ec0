#include "gateway/foresight.h"

#include <algorithm>

#include <fmt/format.h>

#include "gateway/dry_run.h"
#include "mask/catalog_types.h"
#include "mask/statement_plan.h"
#include "sql/plan_estimate.h"
#include "sql/planner_cost.h"

namespace sluice::gateway {
namespace {

/// What a session of the gateway's own is told before it plans: the text is read as it was
/// analysed, nothing is written, and nobody is waited for.
constexpr std::string_view kBefore =
    "BEGIN READ ONLY; SET LOCAL standard_conforming_strings = on; SET LOCAL client_encoding = "
    "'UTF8'; SET LOCAL lock_timeout = '1s'; SET LOCAL statement_timeout = '5s'";

/// Steps that are tried out one after the other, each for some seconds at most.
constexpr size_t kMostTried = 20;

/// Whether some condition of it looks at what is not shown: a number of rows would tell of that.
bool tells_of_hidden(const policy::Understood& understood, const policy::Exposure& exposure) {
  if (!understood.catalog || !understood.labels) return true;
  const mask::Audience audience(understood.catalog,
                                std::make_shared<const mask::CatalogTypes>(*understood.catalog),
                                understood.labels, exposure);
  const auto plan = mask::plan(*understood.facts, audience);
  return plan.objection || plan.guesses > 0;
}

/// Why the script is not tried out; empty: it is.
std::string not_tried(const config::DatabaseConfig& config, const WantedScript& script,
                      const std::vector<bool>& tells) {
  if (!script.together) return "its steps do not run in one transaction";
  if (script.steps.size() > kMostTried) return fmt::format("it has more than {} steps", kMostTried);
  for (size_t i = 0; i < script.steps.size(); ++i) {
    const WantedStep& step = script.steps[i];
    const auto because = [&](std::string_view why) {
      return fmt::format("step {}: {}", i + 1, why);
    };
    if (step.held && !step.tried_out) return because("the rule that holds it wants no dry run");
    if (tells[i]) return because("a condition looks at what is not shown to who asks");
    const bool parameters = step.text.find('$') != std::string_view::npos;
    auto why = no_dry_run(*step.understood->facts, step.understood->catalog.get(), config,
                          parameters, false);
    if (!why.empty()) return because(why);
  }
  return {};
}

void try_out(const config::DatabaseConfig& config, Asking& asking, const WantedScript& script,
             std::vector<Foreseen>& out) {
  std::vector<std::string> texts;
  for (const WantedStep& step : script.steps) texts.emplace_back(step.text);
  const auto answer = asking.ask(dry_run_text(texts));
  const auto runs =
      answer ? read_dry_run(*answer, script.steps.size())
             : std::vector<policy::DryRun>(script.steps.size(),
                                           {.why_not = told_of_failure(config, answer.error())});
  for (size_t i = 0; i < script.steps.size(); ++i)
    if (script.steps[i].tried_out) out[i].dry_run = runs[i];
}

}  // namespace

bool can_be_explained(const sql::StatementFacts& facts, std::string_view text) {
  return facts.statements == 1 && text.find('$') == std::string_view::npos &&
         (facts.kind == "INSERT" || facts.kind == "UPDATE" || facts.kind == "DELETE" ||
          facts.kind == "MERGE" || facts.kind == "SELECT");
}

std::string_view why_not_planned(const sql::StatementFacts& facts,
                                 const mask::StatementPlan* masking) {
  if (facts.parameters != 0) return "it has parameters, whose values are not known";
  if (sql::planned(facts) != sql::Planned::kYes || facts.unresolved || facts.dynamic_sql)
    return "the planner cannot tell it of such a statement";
  const bool foreign = std::any_of(
      facts.functions.begin(), facts.functions.end(), [](const sql::FunctionUse& function) {
        return function.oid == 0 || function.oid >= catalog::kFirstUserOid ||
               function.risk != sql::FunctionRisk::kNone;
      });
  if (foreign) return "planning it may call functions, which the gateway does for nobody";
  if (masking != nullptr && (masking->objection || masking->guesses != 0))
    return "it would tell something of columns that are masked";
  return {};
}

Result<double> planned_rows(Asking& asking, std::string_view text) {
  const auto answer = [&]() -> Result<std::vector<catalog::Rows>> {
    SLUICE_TRY(asking.ask(kBefore));
    return asking.ask(sql::plan_questions(text, 0, {}, {}).all.front());
  }();
  (void)asking.ask("ROLLBACK");
  if (!answer) return fail(answer.error());
  const bool told = answer->size() == 1 && (*answer)[0].size() == 1 && !(*answer)[0][0].empty() &&
                    (*answer)[0][0][0].has_value();
  const auto rows = told ? sql::estimated_rows(*(*answer)[0][0][0]) : std::nullopt;
  if (!rows) return fail(ErrorCode::kProtocol, "the server's answer is no plan");
  return *rows;
}

Result<std::vector<Foreseen>> foresee(const config::DatabaseConfig& config,
                                      const WantedScript& script) {
  SLUICE_ASSIGN(const auto asking, Asking::connect(config));
  std::vector<Foreseen> out(script.steps.size());
  std::vector<bool> tells;
  for (const WantedStep& step : script.steps)
    tells.push_back(config.masking && tells_of_hidden(*step.understood, script.exposure));
  // The server may show others than the gateway's own role other rows.
  const bool alike = !config.identity.settings && config.identity.roles.empty();
  for (size_t i = 0; alike && i < script.steps.size(); ++i) {
    const WantedStep& step = script.steps[i];
    if (!step.estimated || tells[i] || !why_not_planned(*step.understood->facts, nullptr).empty())
      continue;
    if (const auto rows = planned_rows(*asking, step.text)) out[i].estimated_rows = *rows;
  }
  if (std::none_of(script.steps.begin(), script.steps.end(),
                   [](const WantedStep& step) { return step.tried_out; }))
    return out;
  const auto why = not_tried(config, script, tells);
  if (why.empty()) {
    try_out(config, *asking, script, out);
  } else {
    for (size_t i = 0; i < script.steps.size(); ++i)
      if (script.steps[i].tried_out) out[i].dry_run = policy::DryRun{.why_not = why};
  }
  return out;
}

}  // namespace sluice::gateway
