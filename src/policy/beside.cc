#include "policy/beside.h"

#include <algorithm>
#include <optional>

namespace sluice::policy {
namespace {

bool reads_table(const Demand& demand) {
  return demand.object != nullptr &&
         (demand.verb == Verb::kRead || demand.verb == Verb::kCopyOut) && demand.needs_rule;
}

bool reads_temporary(const Demand& demand) {
  return demand.verb == Verb::kTemporary && demand.action != nullptr &&
         demand.action->kind == sql::ActionKind::kRead;
}

/// Queries in other statements, which are no SELECT: DECLARE, COPY (…) TO, PREPARE.
bool holds_query(const sql::StatementFacts& facts) {
  using What = sql::PreparedUse::What;
  return std::any_of(facts.results.begin(), facts.results.end(),
                     [](const auto& result) { return result.copy || !result.declares.empty(); }) ||
         std::any_of(facts.prepared.begin(), facts.prepared.end(),
                     [](const auto& use) { return use.what == What::kPrepare; });
}

/// The widest of what rules say of one kind of bound; nothing where one of them does not say any.
template <typename T>
void tighten(std::optional<Bound<T>>& bound, const std::vector<const Rule*>& rules,
             std::optional<T> LimitSpec::* kind) {
  const Rule* widest = nullptr;
  for (const Rule* rule : rules) {
    const auto& most = rule->limit.*kind;
    if (!most) return;
    if (widest == nullptr || *most > *(widest->limit.*kind)) widest = rule;
  }
  if (widest == nullptr) return;
  const T most = *(widest->limit.*kind);
  if (!bound || most < bound->most) bound = Bound<T>{most, widest->name};
}

}  // namespace

Beside beside_tables(const sql::StatementFacts& facts, const std::vector<Demand>& demands) {
  if (std::any_of(demands.begin(), demands.end(), reads_table)) return Beside::kNothing;
  Beside found = holds_query(facts) ? Beside::kAnything : Beside::kNothing;
  bool catalog = false;
  for (const Demand& demand : demands) {
    // Every SELECT reads; one that is of the catalog says so besides.
    const bool reads = demand.verb == Verb::kRead && demand.object == nullptr;
    catalog = catalog || demand.verb == Verb::kReadCatalog || demand.verb == Verb::kShow;
    if (reads_temporary(demand)) return Beside::kAnything;
    if (reads) found = Beside::kAnything;
  }
  return catalog ? Beside::kCatalog : found;
}

bool bounds_reading(const Rule& rule) {
  const bool of_functions = rule.on.functions && !rule.on.names_relations();
  return rule.effect == Effect::kAllow && !rule.shadow && !of_functions &&
         (rule.verbs & bit(Verb::kRead)) != 0;
}

void WidestReading::take(const Rule& rule) { rules_.push_back(&rule); }

void WidestReading::bound(Beside beside, Limits& limits) const {
  if (beside == Beside::kNothing) return;
  // Tools read the catalog whole, to tell what there is.
  if (beside == Beside::kAnything) tighten(limits.rows, rules_, &LimitSpec::rows);
  tighten(limits.bytes, rules_, &LimitSpec::bytes);
  tighten(limits.duration, rules_, &LimitSpec::duration);
}

}  // namespace sluice::policy
