#include "policy/case.h"

#include <algorithm>

#include <fmt/format.h>

#include "policy/match_classes.h"
#include "policy/refusal.h"

namespace sluice::policy {
namespace {

Note note_of(const Demand& demand) {
  Note note;
  note.verb = demand.verb;
  note.object = demand.object_text();
  if (demand.action != nullptr) {
    note.object_kind = demand.action->object_kind;
    note.without_where = demand.action->without_where;
    note.cascade = demand.action->cascade;
    note.lock = demand.action->lock;
  }
  note.risk = demand.any_risk();
  note.needs_rule = demand.needs_rule;
  return note;
}

template <typename T>
void tighten(std::optional<Bound<T>>& bound, const std::optional<T>& limit, const Rule& rule) {
  if (limit && (!bound || *limit < bound->most)) bound = Bound<T>{*limit, rule.name};
}

void tighten(Limits& limits, const Rule& rule) {
  if (rule.capture && (!limits.capture || *rule.capture > limits.capture->most)) {
    limits.capture = Bound<uint64_t>{*rule.capture, rule.name};
  }
  const LimitSpec& limit = rule.limit;
  if (!limit.any()) return;
  tighten(limits.rows, limit.rows, rule);
  tighten(limits.bytes, limit.bytes, rule);
  tighten(limits.duration, limit.duration, rule);
  tighten(limits.statements_per_minute, limit.statements_per_minute, rule);
  tighten(limits.rows_changed, limit.rows_changed, rule);
  tighten(limits.tables_changed, limit.tables_changed, rule);
}

/// First of the active, enforced candidates with an effect.
const Candidate* first(const Case& the_case, const Active& active, Effect effect) {
  for (size_t i = 0; i < the_case.candidates.size(); ++i) {
    const Candidate& candidate = the_case.candidates[i];
    if (active[i] && candidate.matches() && !candidate.rule->shadow &&
        candidate.rule->effect == effect)
      return &candidate;
  }
  return nullptr;
}

/// Which notes some allow or hold rule speaks of, and the tightest limits.
std::vector<bool> cover(const Case& the_case, const Active& active, Limits& limits) {
  std::vector<bool> covered(the_case.notes.size());
  WidestReading widest;
  for (size_t i = 0; i < the_case.candidates.size(); ++i) {
    const Candidate& candidate = the_case.candidates[i];
    if (!active[i] || candidate.rule->shadow || candidate.rule->effect == Effect::kDeny) continue;
    for (const size_t n : candidate.notes) covered[n] = true;
    if (candidate.beside) widest.take(*candidate.rule);
    if (candidate.rule->effect == Effect::kAllow && candidate.matches())
      tighten(limits, *candidate.rule);
  }
  widest.bound(the_case.beside, limits);
  return covered;
}

/// How much an action does: of several rules that allow a statement the one that allows the most is
/// named.
int strength(Verb verb) {
  if ((bit(verb) & (kHarmless | bit(Verb::kRead) | bit(Verb::kReadCatalog))) != 0) return 0;
  if ((bit(verb) & kSchemaChange) != 0) return 3;
  switch (verb) {
    case Verb::kPrivileges:
    case Verb::kRoleChange:
    case Verb::kOther:
      return 3;
    case Verb::kInsert:
    case Verb::kUpdate:
    case Verb::kDelete:
    case Verb::kMerge:
    case Verb::kTruncate:
    case Verb::kCopyIn:
    case Verb::kCall:
    case Verb::kDynamicSql:
      return 2;
    default:
      return 1;
  }
}

const Rule* allowing(const Case& the_case, const Active& active) {
  const Rule* best = nullptr;
  int most = -1;
  for (size_t i = 0; i < the_case.candidates.size(); ++i) {
    const Candidate& candidate = the_case.candidates[i];
    if (!active[i] || candidate.rule->shadow || candidate.rule->effect != Effect::kAllow) continue;
    for (const size_t n : candidate.notes) {
      const Note& note = the_case.notes[n];
      if (!note.needs_rule || strength(note.verb) <= most) continue;
      best = candidate.rule;
      most = strength(note.verb);
    }
  }
  if (best != nullptr) return best;
  const Candidate* fallback = first(the_case, active, Effect::kAllow);
  return fallback == nullptr ? nullptr : fallback->rule;
}

/// What all rules that hold ask for; nothing where one of them names nobody.
std::vector<std::shared_ptr<const ApprovalSpec>> holds(const Case& the_case, const Active& active) {
  std::vector<std::shared_ptr<const ApprovalSpec>> specs;
  for (size_t i = 0; i < the_case.candidates.size(); ++i) {
    const Rule& rule = *the_case.candidates[i].rule;
    if (!active[i] || rule.shadow || rule.effect != Effect::kHold) continue;
    if (!rule.approve) return {};
    specs.push_back(rule.approve);
  }
  return specs;
}

Decision judge_active(const Case& the_case, const Active& active, const Circumstances* now) {
  if (const Candidate* deny = first(the_case, active, Effect::kDeny))
    return refuse_by_rule(the_case, *deny, now);
  Limits limits;
  const std::vector<bool> covered = cover(the_case, active, limits);
  for (size_t n = 0; n < the_case.notes.size(); ++n) {
    if (the_case.notes[n].needs_rule && !covered[n]) return refuse_by_default(the_case, n, now);
  }
  if (const Candidate* hold = first(the_case, active, Effect::kHold)) {
    Decision decision = refuse_by_rule(the_case, *hold, now);
    decision.holds = holds(the_case, active);
    decision.limits = std::move(limits);
    return decision;
  }
  Decision decision;
  decision.effect = Effect::kAllow;
  const Rule* rule = allowing(the_case, active);
  decision.rule = rule == nullptr ? "harmless" : rule->name;
  decision.limits = std::move(limits);
  return decision;
}

}  // namespace

Case::Case(const Policy& policy, const Question& question)
    : policy_name(policy.name()),
      policy_version(policy.version()),
      user(question.principal.user),
      through(question.principal.through ? question.principal.through->user : std::string()),
      kind(question.principal.kind),
      target(question.target),
      statement(question.facts.kind),
      beside(question.beside) {
  notes.reserve(question.demands.size());
  for (const Demand& demand : question.demands) {
    notes.push_back(note_of(demand));
    if (policy.asks_classes()) notes.back().classes = held_classes(demand, question);
  }
}

std::optional<Candidate> consider(const Rule& rule, const Question& question, Reasons reasons) {
  if (!matches_session(rule, question.principal, question.target, reasons)) return std::nullopt;
  if (!applies(rule, matches_statement(rule, question, reasons))) return std::nullopt;
  Candidate candidate{&rule, {}, {}};
  candidate.beside = question.beside != Beside::kNothing && bounds_reading(rule);
  if (rule.when.classes) candidate.uses = used_classes(*rule.when.classes, question);
  std::vector<std::string> misses;
  for (size_t n = 0; n < question.demands.size(); ++n) {
    const Demand& demand = question.demands[n];
    std::vector<std::string> why;
    const bool hit =
        applies(rule, matches_demand(rule, demand, question, reasons == nullptr ? nullptr : &why));
    if (hit) candidate.notes.push_back(n);
    if (reasons == nullptr) continue;
    if (hit) {
      reasons->push_back(fmt::format("do: {} {}", name_of(demand.verb), demand.object_text()));
      reasons->insert(reasons->end(), why.begin(), why.end());
    } else {
      for (auto& text : why) {
        if (std::find(misses.begin(), misses.end(), text) == misses.end())
          misses.push_back(std::move(text));
      }
    }
  }
  if (candidate.matches()) return candidate;
  if (reasons != nullptr) {
    reasons->insert(reasons->end(), misses.begin(), misses.end());
    if (question.demands.empty()) reasons->emplace_back("do: the statement does nothing");
  }
  // Nothing is planned for the sake of a bound.
  if (candidate.beside && !rule.when.estimated_rows) return candidate;
  return std::nullopt;
}

Decision verdict(const Case& the_case, const Active& active, const Circumstances* now) {
  Decision decision = judge_active(the_case, active, now);
  decision.policy_version = the_case.policy_version;
  for (size_t i = 0; i < the_case.candidates.size(); ++i) {
    if (!active[i] || !the_case.candidates[i].matches()) continue;
    const Rule& rule = *the_case.candidates[i].rule;
    if (rule.shadow) {
      decision.shadow.push_back(fmt::format("{}: {}", rule.name, name_of(rule.effect)));
    } else {
      decision.matched.push_back(rule.name);
    }
  }
  return decision;
}

}  // namespace sluice::policy
