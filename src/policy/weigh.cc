#include "policy/weigh.h"

#include <algorithm>
#include <deque>

#include "policy/case.h"
#include "policy/chain.h"
#include "policy/refusal.h"

namespace sluice::policy {
namespace {

/// The rule without what it asks that is forgotten; those conditions are named in `asked`.
Rule relaxed(const Rule& rule, const Forgotten& forgotten, std::vector<std::string>& asked) {
  Rule out = rule;
  When& when = out.when;
  if (forgotten.estimated_rows && when.estimated_rows) {
    when.estimated_rows.reset();
    asked.emplace_back("estimated_rows");
  }
  if (forgotten.authentication_age && (when.max_age || when.older_than)) {
    when.max_age.reset();
    when.older_than.reset();
    asked.emplace_back("authentication age");
  }
  if (forgotten.claims && !when.claims.empty()) {
    when.claims.clear();
    asked.emplace_back("authentication claims");
  }
  return out;
}

bool asks(const Rule& rule, const Forgotten& forgotten) {
  const When& when = rule.when;
  return (forgotten.estimated_rows && when.estimated_rows) ||
         (forgotten.authentication_age && (when.max_age || when.older_than)) ||
         (forgotten.claims && !when.claims.empty());
}

Weighed weigh_one(const Policy& policy, const sql::StatementFacts& facts,
                  const catalog::Catalog* catalog, const Principal& principal, const Target& target,
                  const Circumstances& circumstances, const Forgotten& forgotten,
                  const privacy::Labels* labels) {
  const Demands demands(facts, catalog, names_columns(policy));
  const Question question = about(facts, catalog, principal, target, demands.all(), labels);
  Case the_case(policy, question);
  Weighed out;
  if (!facts.unanalysable.empty()) {
    out.worst = out.best = std::make_shared<const Decision>(refuse_unanalysable(the_case, facts));
    return out;
  }
  Active worst, best;
  std::deque<Rule> copies;  // Candidates point to them.
  for (const Rule& rule : policy.rules()) {
    if (rule.veils()) continue;
    std::vector<std::string> asked;
    const Rule* tried = &rule;
    if (asks(rule, forgotten)) tried = &copies.emplace_back(relaxed(rule, forgotten, asked));
    auto candidate = consider(*tried, question, nullptr);
    if (!candidate) continue;
    const bool may = applies(rule, matches_circumstances(tried->when, circumstances, nullptr));
    const bool doubtful = may && !asked.empty();
    const bool gives = rule.effect == Effect::kAllow;
    the_case.candidates.push_back(std::move(*candidate));
    worst.push_back(may && !(doubtful && gives));
    best.push_back(may && !(doubtful && !gives));
    if (!doubtful || rule.shadow) continue;
    for (auto& name : asked) {
      if (std::find(out.unknown.begin(), out.unknown.end(), name) == out.unknown.end())
        out.unknown.push_back(std::move(name));
    }
  }
  out.worst = std::make_shared<const Decision>(verdict(the_case, worst));
  out.best =
      out.unknown.empty() ? out.worst : std::make_shared<const Decision>(verdict(the_case, best));
  return out;
}

}  // namespace

Weighed weigh(const Policy& policy, const sql::StatementFacts& facts,
              const catalog::Catalog* catalog, const Principal& principal, const Target& target,
              const Circumstances& circumstances, const Forgotten& forgotten,
              const privacy::Labels* labels) {
  const auto all = everyone(principal);
  Weighed out;
  std::vector<DecisionPtr> worst, best;
  for (const Principal& each : all) {
    auto one = weigh_one(policy, facts, catalog, each, target, circumstances, forgotten, labels);
    worst.push_back(std::move(one.worst));
    best.push_back(std::move(one.best));
    for (auto& name : one.unknown) {
      if (std::find(out.unknown.begin(), out.unknown.end(), name) == out.unknown.end())
        out.unknown.push_back(std::move(name));
    }
  }
  out.worst = strictest(all, worst);
  out.best = out.unknown.empty() ? out.worst : strictest(all, best);
  return out;
}

}  // namespace sluice::policy
