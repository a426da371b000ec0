// Policies and policy cases as YAML, and names, networks and times within them.
#include "input.h"
#include "policy/cases.h"
#include "policy/diff.h"
#include "policy/exposure.h"
#include "policy/names.h"
#include "policy/network.h"
#include "policy/policy.h"
#include "policy/rule.h"

using namespace sluice::policy;

FUZZ(bytes) {
  const auto policy = Policy::parse(bytes, "fuzz.yaml");
  if (policy) {
    require(!(*policy)->rules().empty());
    require(diff(**policy, **policy).same());
    // Whatever was read can be applied.
    sluice::sql::StatementFacts facts;
    sluice::sql::Action& action = facts.actions.emplace_back();
    action.kind = sluice::sql::ActionKind::kDelete;
    action.targets.emplace_back().name = "t";
    const auto judgement = judge(*policy, facts, nullptr, {}, {});
    require(judgement->decide({}) != nullptr);
    const auto explained = explain(**policy, facts, nullptr, {}, {}, {});
    require(explained.decision->effect == judgement->decide({})->effect);
    require(explained.rules.size() == (*policy)->rules().size());
    const auto exposed = exposure(*policy, {}, {}, {});
    require(exposed == exposure(*policy, {}, {}, {}));
    for (const auto& each : sluice::privacy::classes()) {
      const auto veil = exposed.veil(nullptr, nullptr, each.id);
      require(veil.masked || (veil.aggregates && veil.predicates == Predicates::kAny));
    }
  } else {
    require(!policy.error().text.empty());
  }
  (void)parse_cases(bytes, "fuzz.yaml");
  if (const auto pattern = parse_name_pattern(bytes, {"schema", "table"}))
    require(pattern->covers(*pattern));
  if (const auto network = parse_network(bytes)) require(network->contains(network->address));
}
