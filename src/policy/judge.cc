#include <algorithm>
#include <mutex>

#include "policy/case.h"
#include "policy/chain.h"
#include "policy/match_classes.h"
#include "policy/policy.h"
#include "policy/refusal.h"
#include "policy/veil_match.h"

namespace sluice::policy {
namespace {

/// A verdict that no circumstance changes.
class FixedJudgement : public Judgement {
 public:
  FixedJudgement(Decision decision, std::vector<catalog::Oid> unlabelled)
      : Judgement(std::move(unlabelled)),
        decision_(std::make_shared<const Decision>(std::move(decision))) {}
  std::shared_ptr<const Decision> decide(const Circumstances&) const override { return decision_; }
  bool needs_estimate() const override { return false; }
  bool moves() const override { return false; }

 private:
  std::shared_ptr<const Decision> decision_;
};

Active active_rules(const Case& the_case, const Circumstances& now) {
  Active active(the_case.candidates.size());
  for (size_t i = 0; i < active.size(); ++i) {
    const Rule& rule = *the_case.candidates[i].rule;
    active[i] = !rule.when.on_circumstances() ||
                applies(rule, matches_circumstances(rule.when, now, nullptr));
  }
  return active;
}

/// Rules with conditions on circumstances are asked each time; verdicts for the same answers are
/// kept where they allow.
class MovingJudgement : public Judgement {
 public:
  MovingJudgement(std::shared_ptr<const Policy> policy, Case the_case,
                  std::vector<catalog::Oid> unlabelled)
      : Judgement(std::move(unlabelled)), policy_(std::move(policy)), case_(std::move(the_case)) {
    needs_estimate_ = std::any_of(
        case_.candidates.begin(), case_.candidates.end(),
        [](const Candidate& candidate) { return candidate.rule->when.estimated_rows.has_value(); });
  }

  std::shared_ptr<const Decision> decide(const Circumstances& now) const override {
    Active active = active_rules(case_, now);
    const std::lock_guard lock(mutex_);
    for (const auto& [answers, decision] : known_) {
      if (answers == active) return decision;
    }
    auto decision = std::make_shared<const Decision>(verdict(case_, active, &now));
    // A refusal says what it was held against, which differs from one to the next.
    if (decision->allowed() && known_.size() < kMostKnown)
      known_.emplace_back(std::move(active), decision);
    return decision;
  }
  bool needs_estimate() const override { return needs_estimate_; }
  bool moves() const override { return true; }

 private:
  static constexpr size_t kMostKnown = 16;
  std::shared_ptr<const Policy> policy_;  ///< owns the rules that case_ points to
  Case case_;
  bool needs_estimate_ = false;
  mutable std::mutex mutex_;
  mutable std::vector<std::pair<Active, std::shared_ptr<const Decision>>> known_;
};

/// Of one who acts for others: each of them has been judged, and the strictest verdict counts.
class ChainJudgement : public Judgement {
 public:
  ChainJudgement(std::vector<Principal> everyone, std::vector<std::shared_ptr<const Judgement>> of)
      : Judgement(of.front()->unlabelled()), everyone_(std::move(everyone)), of_(std::move(of)) {}

  DecisionPtr decide(const Circumstances& now) const override {
    std::vector<DecisionPtr> each;
    each.reserve(of_.size());
    for (const auto& one : of_) each.push_back(one->decide(now));
    const std::lock_guard lock(mutex_);
    for (const auto& [decisions, decision] : known_) {
      if (decisions == each) return decision;
    }
    auto decision = strictest(everyone_, each);
    // Refusals of the moment are made anew each time.
    if (known_.size() < kMostKnown && (decision->allowed() || !moves()))
      known_.emplace_back(std::move(each), decision);
    return decision;
  }
  bool needs_estimate() const override {
    return std::any_of(of_.begin(), of_.end(),
                       [](const auto& one) { return one->needs_estimate(); });
  }
  bool moves() const override {
    return std::any_of(of_.begin(), of_.end(), [](const auto& one) { return one->moves(); });
  }

 private:
  static constexpr size_t kMostKnown = 16;
  std::vector<Principal> everyone_;
  std::vector<std::shared_ptr<const Judgement>> of_;
  mutable std::mutex mutex_;
  mutable std::vector<std::pair<std::vector<DecisionPtr>, DecisionPtr>> known_;
};

std::shared_ptr<const Judgement> judge_one(std::shared_ptr<const Policy> policy,
                                           const sql::StatementFacts& facts,
                                           const catalog::Catalog* catalog,
                                           const Principal& principal, const Target& target,
                                           const privacy::Labels* labels) {
  const Demands demands(facts, catalog, names_columns(*policy));
  const Question question = about(facts, catalog, principal, target, demands.all(), labels);
  std::vector<catalog::Oid> unknown;
  if (policy->asks_classes()) unknown = unlabelled(question);
  Case the_case(*policy, question);
  if (!facts.unanalysable.empty())
    return std::make_shared<FixedJudgement>(refuse_unanalysable(the_case, facts),
                                            std::move(unknown));
  bool moving = false;
  for (const Rule& rule : policy->rules()) {
    if (rule.veils()) continue;
    auto candidate = consider(rule, question, nullptr);
    if (!candidate) continue;
    moving = moving || rule.when.on_circumstances();
    the_case.candidates.push_back(std::move(*candidate));
  }
  if (moving)
    return std::make_shared<MovingJudgement>(std::move(policy), std::move(the_case),
                                             std::move(unknown));
  return std::make_shared<FixedJudgement>(
      verdict(the_case, Active(the_case.candidates.size(), true)), std::move(unknown));
}

Explanation explain_one(const Policy& policy, const sql::StatementFacts& facts,
                        const catalog::Catalog* catalog, const Principal& principal,
                        const Target& target, const Circumstances& circumstances,
                        const privacy::Labels* labels) {
  const Demands demands(facts, catalog, names_columns(policy));
  const Question question = about(facts, catalog, principal, target, demands.all(), labels);
  Case the_case(policy, question);
  Explanation explanation;
  const bool understood = facts.unanalysable.empty();
  Active active;
  for (const Rule& rule : policy.rules()) {
    RuleTrace& trace = explanation.rules.emplace_back();
    trace.rule = rule.name;
    trace.effect = rule.effect;
    trace.shadow = rule.shadow;
    if (!understood) {
      trace.reasons.emplace_back("the statement could not be analysed");
      continue;
    }
    if (rule.veils()) {
      trace.matched = explain_veil(rule, question, circumstances, trace.reasons);
      continue;
    }
    auto candidate = consider(rule, question, &trace.reasons);
    if (!candidate) continue;
    trace.matched = applies(rule, matches_circumstances(rule.when, circumstances, &trace.reasons));
    active.push_back(trace.matched);
    if (trace.matched && !candidate->matches()) {
      trace.matched = false;
      trace.reasons.emplace_back("limit: it may bound what the statement returns beside tables");
    }
    the_case.candidates.push_back(std::move(*candidate));
  }
  explanation.decision =
      std::make_shared<const Decision>(understood ? verdict(the_case, active, &circumstances)
                                                  : refuse_unanalysable(the_case, facts));
  return explanation;
}

}  // namespace

bool names_columns(const Policy& policy) {
  return std::any_of(policy.rules().begin(), policy.rules().end(), [](const Rule& rule) {
    return !rule.veils() && (!rule.on.columns.empty() || rule.asks_classes());
  });
}

std::shared_ptr<const Judgement> judge(std::shared_ptr<const Policy> policy,
                                       const sql::StatementFacts& facts,
                                       const catalog::Catalog* catalog, const Principal& principal,
                                       const Target& target, const privacy::Labels* labels) {
  if (!principal.chain)
    return judge_one(std::move(policy), facts, catalog, principal, target, labels);
  auto all = everyone(principal);
  std::vector<std::shared_ptr<const Judgement>> of;
  of.reserve(all.size());
  for (const Principal& each : all)
    of.push_back(judge_one(policy, facts, catalog, each, target, labels));
  return std::make_shared<ChainJudgement>(std::move(all), std::move(of));
}

Explanation explain(const Policy& policy, const sql::StatementFacts& facts,
                    const catalog::Catalog* catalog, const Principal& principal,
                    const Target& target, const Circumstances& circumstances,
                    const privacy::Labels* labels) {
  if (!principal.chain)
    return explain_one(policy, facts, catalog, principal, target, circumstances, labels);
  const auto all = everyone(principal);
  Explanation out;
  std::vector<DecisionPtr> decisions;
  for (const Principal& each : all) {
    auto one = explain_one(policy, facts, catalog, each, target, circumstances, labels);
    decisions.push_back(std::move(one.decision));
    if (out.rules.empty()) {
      out.rules = std::move(one.rules);
      continue;
    }
    for (size_t i = 0; i < out.rules.size(); ++i) {
      out.rules[i].matched = out.rules[i].matched || one.rules[i].matched;
      for (const auto& reason : one.rules[i].reasons)
        out.rules[i].reasons.push_back("for " + each.user + ": " + reason);
    }
  }
  out.decision = strictest(all, decisions);
  return out;
}

}  // namespace sluice::policy
