#include "policy/automatic.h"

#include <fmt/format.h>

#include "policy/chain.h"
#include "policy/match.h"

namespace sluice::policy {
namespace {

/// Conditions on what is done to objects: each of them must be known to keep them.
bool objects_match(const Rule& rule, const Question& question, Reasons evidence) {
  bool all = true;
  for (const Demand& demand : question.demands) {
    if (!demand.needs_rule) continue;
    if (demand.verb == Verb::kFunction || demand.verb == Verb::kDynamicSql) {
      evidence->push_back(fmt::format(
          "calls {}: what it does cannot be told beforehand",
          demand.object_text().empty() ? "SQL put together as it runs" : demand.object_text()));
      all = false;
      continue;
    }
    all = matches_demand(rule, demand, question, evidence) == Truth::kYes && all;
  }
  return all;
}

std::string identity_of(const Principal& principal, const Circumstances& now) {
  return fmt::format(
      "who: {} \"{}\" of {}, authenticated by {}{}", name_of(principal.kind), principal.user,
      principal.groups.empty() ? "no group" : fmt::format("{}", fmt::join(principal.groups, ", ")),
      principal.authentication,
      now.client_address.empty() ? "" : fmt::format(" from {}", now.client_address));
}

}  // namespace

Automatic decide_automatically(const ApprovalSpec& spec, const sql::StatementFacts& facts,
                               const catalog::Catalog* catalog, const Principal& principal,
                               const Target& target, const Circumstances& circumstances,
                               const Objections& objections, const Proofs& proofs) {
  Automatic result;
  if (!spec.automatic) {
    result.evidence.push_back(fmt::format("rule \"{}\" leaves it to people", spec.rule));
    return result;
  }
  const Rule& rule = *spec.automatic;
  const Demands demands(facts, catalog, false);
  Reasons evidence = &result.evidence;
  bool good = facts.unanalysable.empty();
  // Each is asked, whatever the others say: who was refused wants to know all reasons at once.
  const auto all = everyone(principal);
  for (const Principal& each : all) {
    evidence->push_back(identity_of(each, circumstances));
    good = matches_session(rule, each, target, evidence) && good;
  }
  const Question question{facts, catalog, all.front(), target, demands.all()};
  good = matches_statement(rule, question, evidence) == Truth::kYes && good;
  good = matches_circumstances(rule.when, circumstances, evidence) == Truth::kYes && good;
  good = objects_match(rule, question, evidence) && good;
  const auto none_of = [&](const std::vector<std::string>& found, std::string_view what,
                           std::string_view none) {
    evidence->push_back(fmt::format(
        "{}: {}", what, found.empty() ? none : fmt::format("{}", fmt::join(found, "; "))));
    good = good && found.empty();
  };
  if (spec.lint_clean) none_of(objections.lint, "lint", "nothing worse than advice");
  if (spec.backward_compatible)
    none_of(objections.breaks, "backward_compatible", "it only adds to the schema");
  good = proofs_hold(spec.proofs, proofs, circumstances.now_micros, result.evidence) && good;
  result.approved = good;
  return result;
}

}  // namespace sluice::policy
