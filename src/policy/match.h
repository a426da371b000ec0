#pragma once

#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "policy/beside.h"
#include "policy/demand.h"
#include "policy/policy.h"
#include "policy/rule.h"

namespace sluice::policy {

/// Where reasons go, for people; null where nobody asks.
using Reasons = std::vector<std::string>*;

/// What rules are matched with.
struct Question {
  const sql::StatementFacts& facts;
  const catalog::Catalog* catalog;
  const Principal& principal;
  const Target& target;
  const std::vector<Demand>& demands;
  const privacy::Labels* labels = nullptr;  ///< null: nothing is known of what columns hold
  Beside beside = Beside::kNothing;         ///< of `demands`
};

/// What is asked of rules about a statement with these demands.
inline Question about(const sql::StatementFacts& facts, const catalog::Catalog* catalog,
                      const Principal& principal, const Target& target,
                      const std::vector<Demand>& demands, const privacy::Labels* labels) {
  return {facts, catalog, principal, target, demands, labels, beside_tables(facts, demands)};
}

/// Whether `who`, and databases and environments of `on`, match.
bool matches_session(const Rule& rule, const Principal& principal, const Target& target,
                     Reasons reasons);

/// Conditions on the statement as a whole and on the session.
Truth matches_statement(const Rule& rule, const Question& question, Reasons reasons);

/// Whether a rule is about a demand: `do`, objects of `on`, conditions on what is done to them.
Truth matches_demand(const Rule& rule, const Demand& demand, const Question& question,
                     Reasons reasons);

/// Conditions on circumstances.
Truth matches_circumstances(const When& when, const Circumstances& circumstances, Reasons reasons);

/// Conditions on how the session logged in.
Truth matches_method(const When& when, const Principal& principal, Reasons reasons);

/// Whether a match of this certainty makes the rule apply: one that gives must be certain, one that
/// takes need not.
inline bool applies(const Rule& rule, Truth match) {
  const bool gives = rule.effect == Effect::kAllow || rule.effect == Effect::kUnmask;
  return gives ? match == Truth::kYes : match != Truth::kNo;
}

}  // namespace sluice::policy
