#include "gateway/foresight.h"

#include <algorithm>

#include <fmt/format.h>

#include "gateway/dry_run.h"
#include "mask/catalog_types.h"
#include "mask/statement_plan.h"
#include "sql/plan_estimate.h"

namespace sluice::gateway {
namespace {

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

std::optional<double> estimate(Asking& asking, std::string_view text) {
  const auto plan = asking.ask(
      fmt::format("BEGIN READ ONLY; SET LOCAL lock_timeout = '1s'; SET LOCAL statement_timeout = "
                  "'5s'; EXPLAIN (FORMAT JSON) {}\n; ROLLBACK",
                  text));
  constexpr size_t kPlanAt = 3, kAnswers = 5;
  if (!plan) (void)asking.ask("ROLLBACK");
  if (!plan || plan->size() != kAnswers) return std::nullopt;
  const auto& rows = (*plan)[kPlanAt];
  if (rows.empty() || rows[0].empty() || !rows[0][0]) return std::nullopt;
  return sql::estimated_rows(*rows[0][0]);
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

void try_out(Asking& asking, const WantedScript& script, std::vector<Foreseen>& out) {
  std::vector<std::string> texts;
  for (const WantedStep& step : script.steps) texts.emplace_back(step.text);
  const auto answer = asking.ask(dry_run_text(texts));
  const auto runs =
      answer ? read_dry_run(*answer, script.steps.size())
             : std::vector<policy::DryRun>(script.steps.size(), {.why_not = answer.error().text});
  for (size_t i = 0; i < script.steps.size(); ++i)
    if (script.steps[i].tried_out) out[i].dry_run = runs[i];
}

}  // namespace

bool can_be_explained(const sql::StatementFacts& facts, std::string_view text) {
  return facts.statements == 1 && text.find('$') == std::string_view::npos &&
         (facts.kind == "INSERT" || facts.kind == "UPDATE" || facts.kind == "DELETE" ||
          facts.kind == "MERGE" || facts.kind == "SELECT");
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
    if (step.estimated && !tells[i] && can_be_explained(*step.understood->facts, step.text))
      out[i].estimated_rows = estimate(*asking, step.text);
  }
  if (std::none_of(script.steps.begin(), script.steps.end(),
                   [](const WantedStep& step) { return step.tried_out; }))
    return out;
  const auto why = not_tried(config, script, tells);
  if (why.empty()) {
    try_out(*asking, script, out);
  } else {
    for (size_t i = 0; i < script.steps.size(); ++i)
      if (script.steps[i].tried_out) out[i].dry_run = policy::DryRun{.why_not = why};
  }
  return out;
}

}  // namespace sluice::gateway
