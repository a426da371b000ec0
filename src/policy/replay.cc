#include "policy/replay.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "policy/recorded_limits.h"
#include "policy/weigh.h"
#include "sql/planner_cost.h"

namespace sluice::policy {
namespace {

/// What became of a statement, or would; `unknown`: why that cannot be told.
struct Outcome {
  Fate fate = Fate::kDeny;
  std::string rule, message, unknown;
  std::optional<PassedLimit> passed;
};

/// Different texts that are counted of all changes.
constexpr size_t kMostTexts = 1'000'000;

using Key = std::tuple<std::string, std::string, std::string, Fate, Fate, std::string>;

class Grouping {
 public:
  void add(const RecordedStatement& statement, const Outcome& then, const Outcome& now) {
    const std::string limit = now.passed ? now.passed->limit : std::string();
    const Key key{statement.principal.user, then.rule, now.rule, then.fate, now.fate, limit};
    const auto [it, added] = changes_.try_emplace(key);
    Change& change = it->second;
    if (added) {
      change.user = statement.principal.user;
      change.old_rule = then.rule;
      change.new_rule = now.rule;
      change.old_fate = then.fate;
      change.new_fate = now.fate;
    }
    const bool most = now.passed && change.passed && now.passed->got > change.passed->got;
    if (added || most) {
      change.first_id = statement.id;
      change.example = statement.text;
      change.message = now.message;
      change.passed = now.passed;
    }
    ++change.statements;
    if (counted_ < kMostTexts &&
        texts_[key].insert(std::hash<std::string>()(statement.text)).second)
      ++counted_;
  }

  std::vector<Change> sorted() {
    std::vector<Change> out;
    for (auto& [key, change] : changes_) {
      change.texts = texts_[key].size();
      out.push_back(std::move(change));
    }
    std::sort(out.begin(), out.end(), [](const Change& a, const Change& b) {
      return std::tie(a.user, b.statements, a.first_id) <
             std::tie(b.user, a.statements, b.first_id);
    });
    return out;
  }

 private:
  std::map<Key, Change> changes_;
  std::map<Key, std::unordered_set<size_t>> texts_;  ///< digests
  size_t counted_ = 0;
};

Fate fate_of(Effect effect) {
  if (effect == Effect::kAllow) return Fate::kAllow;
  return effect == Effect::kHold ? Fate::kHold : Fate::kDeny;
}

Circumstances then_of(const RecordedStatement& statement) {
  Circumstances then;
  then.now_micros = statement.time_micros;
  then.client_address = statement.client_address;
  then.application = statement.application;
  then.purpose = statement.purpose;
  then.authenticated_micros = statement.principal.authenticated_micros;
  then.run = statement.run;
  then.prompt = statement.prompt;
  then.tainted = statement.tainted;
  then.in_transaction = statement.in_transaction;
  then.estimated_rows = statement.estimated_rows;
  return then;
}

Forgotten forgotten_of(const RecordedStatement& statement, const sql::StatementFacts& facts) {
  Forgotten out;
  // The planner is not asked of several statements in one text, nor of what it has no plan for:
  // rules that want its word are taken at their worst then, now as ever.
  const bool asked = facts.statements == 1 && sql::planned(facts) == sql::Planned::kYes;
  out.estimated_rows = asked && !statement.estimated_rows;
  out.authentication_age = statement.principal.authenticated_micros <= 0;
  out.claims = !statement.claims_known;
  return out;
}

std::string doubt(const Weighed& weighed) {
  return fmt::format("the record does not tell: {}", fmt::join(weighed.unknown, ", "));
}

/// One policy, and what it has counted of the statements so far.
class Judging {
 public:
  explicit Judging(const Policy& policy) : policy_(policy) {}

  Outcome judge(const RecordedStatement& statement, const Understood& understood) {
    const auto weighed = weigh(policy_, *understood.facts, understood.catalog.get(),
                               statement.principal, statement.target, then_of(statement),
                               forgotten_of(statement, *understood.facts), understood.labels.get());
    const Decision& worst = *weighed.worst;
    Outcome out{fate_of(worst.effect), worst.rule, worst.message, {}, {}};
    if (worst.effect != weighed.best->effect) {
      out.unknown = doubt(weighed);
      return out;
    }
    if (!worst.allowed()) return out;
    limit(statement, *understood.facts, weighed, out);
    return out;
  }

 private:
  /// What all rules that may apply allow at most, and what those do that certainly apply.
  void limit(const RecordedStatement& statement, const sql::StatementFacts& facts,
             const Weighed& weighed, Outcome& out) {
    const Limits& certain = weighed.worst->limits;
    const Limits& all = weighed.best->limits;
    auto passed = count_rate(statement, all, rates_);
    bool hangs = passed && !certain.statements_per_minute;
    if (!passed) {
      passed = bound(statement, facts, all);
      hangs =
          passed->passed && !weighed.unknown.empty() && !bound(statement, facts, certain).passed;
    }
    if (hangs) {
      out.unknown = doubt(weighed);
      return;
    }
    if (!passed->passed) {
      out.unknown = std::move(passed->unknown);
      return;
    }
    out.fate = Fate::kLimited;
    out.rule = std::move(passed->rule);
    out.message = std::move(passed->message);
    out.passed = std::move(passed->passed);
  }

  const Policy& policy_;
  RateLimiter rates_;
};

class Reporting {
 public:
  explicit Reporting(bool with_rules) : with_rules_(with_rules) {}

  void not_judged(const std::string& why) { ++not_judged_[why]; }

  void add(const RecordedStatement& statement, const Outcome& then, const Outcome& now) {
    const bool changed = now.fate != then.fate || (with_rules_ && now.rule != then.rule);
    if (!changed) {
      ++report.unchanged;
      return;
    }
    const bool ran = then.fate == Fate::kAllow || then.fate == Fate::kLimited;
    if (ran && (now.fate == Fate::kHold || now.fate == Fate::kDeny)) ++report.newly_refused;
    if (then.fate == Fate::kAllow && now.fate == Fate::kLimited) ++report.newly_limited;
    if (then.fate != Fate::kAllow && now.fate == Fate::kAllow) ++report.newly_allowed;
    grouping_.add(statement, then, now);
  }

  ReplayReport finish() {
    report.changes = grouping_.sorted();
    for (const auto& [why, statements] : not_judged_)
      report.not_judged.push_back({why, statements});
    std::sort(report.not_judged.begin(), report.not_judged.end(),
              [](const NotJudged& a, const NotJudged& b) {
                return std::tie(b.statements, a.why) < std::tie(a.statements, b.why);
              });
    return std::move(report);
  }

  ReplayReport report;

 private:
  bool with_rules_;
  Grouping grouping_;
  std::map<std::string, size_t> not_judged_;
};

}  // namespace

struct Replay::Impl {
  Impl(std::shared_ptr<const Policy> old_policy, std::shared_ptr<const Policy> new_policy,
       const Understand& how, bool with_rules)
      : before_policy(std::move(old_policy)),
        now_policy(std::move(new_policy)),
        understand(how),
        now(*now_policy),
        reporting(with_rules) {
    if (before_policy) before.emplace(*before_policy);
  }

  std::shared_ptr<const Policy> before_policy, now_policy;
  const Understand& understand;
  std::optional<Judging> before;
  Judging now;
  Reporting reporting;
};

Replay::Replay(std::shared_ptr<const Policy> before, std::shared_ptr<const Policy> now,
               const Understand& understand, bool with_rules)
    : impl_(std::make_unique<Impl>(std::move(before), std::move(now), understand, with_rules)) {}

Replay::~Replay() = default;

void Replay::add(const RecordedStatement& statement) {
  auto& reporting = impl_->reporting;
  ++reporting.report.statements;
  if (statement.cut) return reporting.not_judged("the record holds a part of its text only");
  if (statement.by_gateway) {
    ++reporting.report.unchanged;
    ++reporting.report.by_gateway;
    return;
  }
  const Understood understood = impl_->understand(statement.target, statement.text);
  Outcome then{statement.fate, statement.rule, {}, {}, statement.passed};
  if (impl_->before) then = impl_->before->judge(statement, understood);
  const Outcome outcome = impl_->now.judge(statement, understood);
  const std::string& unknown = outcome.unknown.empty() ? then.unknown : outcome.unknown;
  if (!unknown.empty()) return reporting.not_judged(unknown);
  reporting.add(statement, then, outcome);
}

ReplayReport Replay::finish() { return impl_->reporting.finish(); }

size_t ReplayReport::count_not_judged() const {
  return std::accumulate(not_judged.begin(), not_judged.end(), size_t{0},
                         [](size_t sum, const NotJudged& some) { return sum + some.statements; });
}

ReplayReport replay(const std::shared_ptr<const Policy>& policy,
                    const std::vector<RecordedStatement>& statements, const Understand& understand,
                    bool with_rules) {
  Replay replay(nullptr, policy, understand, with_rules);
  for (const auto& statement : statements) replay.add(statement);
  return replay.finish();
}

ReplayReport replay_both(const std::shared_ptr<const Policy>& old_policy,
                         const std::shared_ptr<const Policy>& new_policy,
                         const std::vector<RecordedStatement>& statements,
                         const Understand& understand) {
  Replay replay(old_policy, new_policy, understand);
  for (const auto& statement : statements) replay.add(statement);
  return replay.finish();
}

}  // namespace sluice::policy
