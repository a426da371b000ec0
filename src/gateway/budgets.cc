#include "gateway/budgets.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <span>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "audit/search.h"
#include "audit/subject_set.h"
#include "base/clock.h"
#include "base/log.h"
#include "gateway/changes.h"
#include "gateway/identified.h"
#include "gateway/refusal_facts.h"
#include "gateway/refusals.h"
#include "sql/planner_cost.h"

namespace sluice::gateway {
namespace {

using policy::Amount;
using policy::Amounts;
using DecisionPtr = std::shared_ptr<const policy::Decision>;

/// More than any result has.
constexpr uint64_t kMostRows = uint64_t{1} << 62;

uint64_t& of(Amounts& amounts, Amount amount) { return amounts[static_cast<size_t>(amount)]; }

/// "budget agents-hourly": no rule has a name with a blank.
constexpr std::string_view kOfBudget = "budget ";
std::string rule_of(const std::string& budget) { return std::string(kOfBudget) + budget; }

/// Beginning and ending transactions, and settings, use nothing.
bool uses_nothing(const sql::StatementFacts& facts) {
  return facts.unanalysable.empty() && !facts.actions.empty() &&
         std::all_of(facts.actions.begin(), facts.actions.end(), [](const sql::Action& action) {
           return action.kind == sql::ActionKind::kTransaction ||
                  action.kind == sql::ActionKind::kSessionSetting;
         });
}

/// What is counted, as people read it behind a number.
std::string_view unit_of(Amount amount) {
  return amount == Amount::kDuration ? "ms of duration" : policy::name_of(amount);
}

DecisionPtr refused(const policy::Overspent& over) {
  const std::string whose = fmt::format("{} {}", policy::name_of(over.per), over.payer);
  if (over.counting) {
    return refusal(
        rule_of(over.budget), "53400",
        fmt::format("what {} has used of budget \"{}\" is being counted", whose, over.budget),
        "Run the statement again in a moment; if this stays so, an operator finds the "
        "reason in the gateway's log.");
  }
  if (over.elsewhere) {
    return refusal(rule_of(over.budget), "53400",
                   fmt::format("what other gateways let {} use of budget \"{}\" is not known: the "
                               "store that they share does not answer",
                               whose, over.budget),
                   "Run the statement again later; an operator finds the reason at /readyz and in "
                   "the gateway's log.");
  }
  if (over.crowded) {
    return refusal(rule_of(over.budget), "53400",
                   fmt::format("{} would be one run more than budget \"{}\" can keep apart", whose,
                               over.budget),
                   "Go on under the name of a run that was used before: names count for as long as "
                   "their budget does, of a run until seven days after its last statement.");
  }
  const std::string until = over.renewed_micros == 0
                                ? "not renewed within this run"
                                : "renewed at " + format_time(over.renewed_micros);
  auto decision = std::make_shared<policy::Decision>();
  decision->rule = rule_of(over.budget);
  decision->sqlstate = "53400";
  decision->message =
      fmt::format("budget \"{}\" of {} has no room: {} of {} {} are used; it is {}", over.budget,
                  whose, over.used, over.most, unit_of(over.amount), until);
  decision->hint = over.renewed_micros == 0 ? "Ask for less, or begin another run"
                                            : "Ask for less, or wait until then";
  decision->hint += over.ask.empty() ? "; an operator widens it in the policy."
                                     : "; for more, ask " + over.ask + ".";
  boost::json::object facts{{"budget", over.budget}, {"per", policy::name_of(over.per)},
                            {"of", over.payer},      {"amount", policy::name_of(over.amount)},
                            {"used", over.used},     {"most", over.most}};
  if (over.renewed_micros != 0) facts["renewed"] = format_time(over.renewed_micros);
  decision->detail = refusal_detail(*decision, std::move(facts));
  return decision;
}

const policy::Budget* cost_counter(const std::vector<const policy::Budget*>& budgets) {
  for (const auto* budget : budgets) {
    if (budget->counts(Amount::kPlannerCost)) return budget;
  }
  return nullptr;
}

/// What a statement is to pay before it runs; nothing: it cannot be told.
std::optional<uint64_t> planner_cost(const sql::StatementFacts* facts,
                                     const policy::Decision* decision) {
  if (facts != nullptr && sql::planned(*facts) == sql::Planned::kNothing) return 0;
  if (decision == nullptr || !decision->planner_cost) return std::nullopt;
  return static_cast<uint64_t>(std::clamp(std::ceil(*decision->planner_cost), 0.0, 1e15));
}

DecisionPtr cost_unknown(const policy::Budget& budget) {
  return refusal(rule_of(budget.name), "53400",
                 fmt::format("budget \"{}\" counts what the planner expects a statement to cost, "
                             "and of this one that is not known before it runs",
                             budget.name),
                 "Send one SELECT, INSERT, UPDATE, DELETE or MERGE at a time; not COPY, CALL, DO, "
                 "EXPLAIN ANALYZE, or what was prepared before the budget was.");
}

template <typename T>
void tighten(std::optional<policy::Bound<T>>& bound, T most, const std::string& rule) {
  if (!bound || most < bound->most) bound = policy::Bound<T>{most, rule};
}

/// The same with no more than what is left.
DecisionPtr tightened(const DecisionPtr& decision, const policy::Spending& spending, bool writes) {
  auto out = decision ? std::make_shared<policy::Decision>(*decision)
                      : std::make_shared<policy::Decision>();
  out->effect = policy::Effect::kAllow;
  if (!decision) out->rule = "harmless";
  const auto bound = [&](Amount amount, auto set) {
    if (const auto left = spending.left(amount)) set(*left, rule_of(spending.tightest(amount)));
  };
  bound(Amount::kRows,
        [&](uint64_t left, const auto& rule) { tighten(out->limits.rows, left, rule); });
  bound(Amount::kBytes,
        [&](uint64_t left, const auto& rule) { tighten(out->limits.bytes, left, rule); });
  // Results are then looked at row by row, and a write is undone where its result is cut.
  if (spending.counts_subjects()) tighten(out->limits.rows, kMostRows, {});
  bound(Amount::kDuration, [&](uint64_t left, const auto& rule) {
    tighten(out->limits.duration, Duration(std::chrono::milliseconds(left)), rule);
  });
  if (writes) {
    bound(Amount::kRowsChanged,
          [&](uint64_t left, const auto& rule) { tighten(out->limits.rows_changed, left, rule); });
  }
  return out;
}

bool is_write(std::string_view kind) {
  return kind.starts_with("INSERT") || kind.starts_with("UPDATE") || kind.starts_with("DELETE") ||
         kind.starts_with("MERGE");
}

/// "public.orders 42"
uint64_t rows_in(std::string_view changed) {
  uint64_t rows = 0;
  const size_t blank = changed.rfind(' ');
  if (blank != std::string_view::npos)
    std::from_chars(changed.data() + blank + 1, changed.data() + changed.size(), rows);
  return rows;
}

Amounts used(std::string_view kind, uint64_t rows, uint64_t bytes, bool counted, uint64_t changed,
             uint64_t sensitive, uint64_t micros) {
  Amounts out{};
  of(out, Amount::kStatements) = 1;
  of(out, Amount::kRows) = is_write(kind) && bytes == 0 ? 0 : rows;
  of(out, Amount::kBytes) = bytes;
  of(out, Amount::kRowsChanged) = counted ? changed : is_write(kind) ? rows : 0;
  of(out, Amount::kSensitiveValues) = sensitive;
  of(out, Amount::kDuration) = micros / 1000;
  return out;
}

/// The same by the names that the record has for what is done.
bool used_nothing(const audit::Record& record) {
  return !record.actions.empty() &&
         std::all_of(record.actions.begin(), record.actions.end(), [](std::string_view action) {
           const auto name = action.substr(0, action.find(' '));
           return name == sql::name_of(sql::ActionKind::kTransaction) ||
                  name == sql::name_of(sql::ActionKind::kSessionSetting);
         });
}

bool is_run(const audit::Record& record) {
  return record.phase != audit::Phase::kParse && !used_nothing(record) &&
         (record.outcome == audit::Outcome::kAllowed ||
          record.outcome == audit::Outcome::kLimited || record.outcome == audit::Outcome::kLost);
}

/// As the record has them. Those for whom they acted, and the groups that are not shared with
/// these, are as the directory has them today.
policy::Principal recorded_principal(const audit::SessionContext& context,
                                     const identity::Directory& directory, int64_t now_micros) {
  policy::Principal out;
  out.user = context.user;
  out.groups = context.groups;
  out.kind = context.kind == "agent"     ? policy::PrincipalKind::kAgent
             : context.kind == "service" ? policy::PrincipalKind::kService
                                         : policy::PrincipalKind::kHuman;
  for (const auto& attribute : context.attributes) {
    if (const size_t equals = attribute.find('='); equals != std::string::npos)
      out.attributes[attribute.substr(0, equals)] = attribute.substr(equals + 1);
  }
  out.actors = context.actors;
  out.end_user = context.end_user;
  if (out.actors.empty() && out.end_user.empty()) return out;
  policy::Principal own = out;
  if (const auto* known = directory.find(out.user)) {
    for (const auto& group : known->groups) {
      if (std::find(own.groups.begin(), own.groups.end(), group) == own.groups.end())
        own.groups.push_back(group);
    }
  }
  std::vector<std::string> grants;
  out.chain = chain_of(directory, own, {context.database, now_micros}, grants);
  return out;
}

void recall(policy::Ledger& ledger, const std::shared_ptr<const policy::Policy>& policy,
            const std::vector<const policy::Budget*>& budgets, const audit::Record& record,
            const identity::Directory& directory, int64_t now_micros) {
  const auto principal = recorded_principal(record.context, directory, now_micros);
  // Of a long result a part of what was seen stands on records of its own.
  const bool statement = record.type == audit::EventType::kStatement;
  const bool answer = record.type == audit::EventType::kPrompt;
  Amounts used = statement ? used_by(record) : Amounts{};
  of(used, Amount::kInputTokens) = answer ? record.input_tokens : 0;
  of(used, Amount::kOutputTokens) = answer ? record.output_tokens : 0;
  const auto known = audit::digests_in(record.seen_shown);
  if (!known) of(used, Amount::kSubjects) = audit::set_size(record.seen_shown);
  const std::span<const uint64_t> digests =
      known ? std::span<const uint64_t>(*known) : std::span<const uint64_t>();
  for (const auto& [budget, payer] : policy::Ledger::due(
           *policy, principal, {record.context.database, record.context.environment},
           record.context.run)) {
    if (std::find(budgets.begin(), budgets.end(), budget) != budgets.end())
      ledger.recall(*budget, payer, record.time_micros, used, digests, now_micros);
  }
}

/// False: the log cannot be read.
bool recall_all(const char* type, audit::Query query, const std::filesystem::path& audit_directory,
                const std::function<void(const audit::Record&)>& take) {
  query.type = type;
  for (;;) {
    const auto page = audit::search_page(audit_directory, query);
    if (!page) {
      log::error("what was used of budgets is not known, so that nothing more may be: {}",
                 page.error().text);
      return false;
    }
    for (const auto& record : page->records) take(record);
    if (!page->next) return true;
    query.after = page->next;
  }
}

}  // namespace

void blame_budget(policy::Decision& refused) {
  if (!refused.rule.starts_with(kOfBudget)) return;
  refused.sqlstate = "53400";
  refused.hint =
      "It is what the budget has left. Ask for less, or wait until it is renewed; whoever keeps "
      "the "
      "policy can widen it.";
}

DecisionPtr refused_by(const policy::Overspent& over) { return refused(over); }

bool counts_planner_cost(const policy::Policy& policy, const Spender& spender) {
  if (policy.budgets().empty()) return false;
  const auto budgets = policy::Ledger::applying(policy, spender.principal, spender.target);
  return cost_counter(budgets) != nullptr;
}

DecisionPtr costing(DecisionPtr decision, std::optional<double> cost) {
  if (!cost) return decision;
  auto out = std::make_shared<policy::Decision>(*decision);
  out->planner_cost = cost;
  return out;
}

tl::expected<std::unique_ptr<policy::Spending>, DecisionPtr> afford(
    policy::Ledger& ledger, const std::shared_ptr<const policy::Policy>& policy,
    const Spender& spender, const sql::StatementFacts* facts, DecisionPtr& decision) {
  if (policy->budgets().empty() || (facts != nullptr && uses_nothing(*facts))) return nullptr;
  const auto budgets = policy::Ledger::applying(*policy, spender.principal, spender.target);
  if (budgets.empty()) return nullptr;
  const bool writes = facts == nullptr || facts->writes || !facts->prepared.empty();
  Amounts wanted{};
  for (const auto amount : {Amount::kStatements, Amount::kRows, Amount::kBytes,
                            Amount::kSensitiveValues, Amount::kDuration})
    of(wanted, amount) = 1;
  // A text that goes through goes through as a whole.
  if (facts != nullptr) of(wanted, Amount::kStatements) = std::max<uint64_t>(facts->statements, 1);
  if (const auto* counter = cost_counter(budgets)) {
    const auto cost = planner_cost(facts, decision.get());
    if (!cost) return tl::unexpected(cost_unknown(*counter));
    of(wanted, Amount::kPlannerCost) = *cost;
  }
  auto spending = ledger.begin(
      policy, policy::Ledger::due(*policy, spender.principal, spender.target, spender.run), wanted,
      spender.now_micros);
  if (!spending) return tl::unexpected(refused(spending.error()));
  auto bounded = tightened(decision, **spending, writes);
  // Exactly as many as may be changed, since nothing can be asked for once they are.
  if (writes && (*spending)->left(Amount::kRowsChanged)) {
    const uint64_t most = std::max<uint64_t>(bounded->limits.rows_changed->most, 1);
    if (const auto over = (*spending)->need(Amount::kRowsChanged, most))
      return tl::unexpected(refused(*over));
  }
  decision = std::move(bounded);
  return std::move(*spending);
}

DecisionPtr over_subjects(Expected& entry) {
  if (!entry.spending || !entry.masked || !entry.masked->sightings ||
      !entry.spending->counts_subjects())
    return nullptr;
  const std::span<const uint64_t> shown = entry.masked->sightings->digests_shown();
  const auto fresh = shown.subspan(std::min(entry.masked->told, shown.size()));
  entry.masked->told = shown.size();
  const auto over = entry.spending->see(fresh);
  return over ? refused(*over) : nullptr;
}

DecisionPtr over_budget(const Expected& entry, size_t rows, size_t bytes) {
  auto over = entry.spending->need(Amount::kRows, entry.rows + rows);
  if (!over) over = entry.spending->need(Amount::kBytes, entry.bytes + bytes);
  return over ? refused(*over) : nullptr;
}

Amounts used_by(const audit::Event& event) {
  uint64_t changed = 0;
  // What passes a limit is rolled back.
  const bool undone = event.outcome == audit::Outcome::kLimited;
  if (event.changed != nullptr) {
    for (const auto& each : *event.changed) changed += rows_in(each);
  } else if (!event.changed_table.empty()) {
    changed = event.rows;
  }
  return used(event.kind, event.rows, event.bytes,
              undone || event.changed != nullptr || !event.changed_table.empty(), changed,
              event.subjects != 0 ? event.subjects : audit::set_size(event.seen_shown),
              event.duration_micros);
}

Amounts used_by(const audit::Record& record) {
  uint64_t changed = 0;
  for (const auto& each : record.changed) changed += rows_in(each);
  const bool undone = record.outcome == audit::Outcome::kLimited;
  Amounts out =
      used(record.kind, record.rows, record.bytes, undone || !record.changed.empty(), changed,
           record.subjects != 0 ? record.subjects : audit::set_size(record.seen_shown),
           record.duration_micros);
  of(out, Amount::kPlannerCost) = record.planner_cost;
  return out;
}

std::vector<const policy::Budget*> uncounted(const policy::Ledger& ledger,
                                             const policy::Policy& policy, const Spender& spender) {
  if (policy.budgets().empty()) return {};
  auto budgets = policy::Ledger::applying(policy, spender.principal, spender.target);
  std::erase_if(budgets, [&](const auto* budget) { return ledger.counted(*budget); });
  return budgets;
}

void count_history(policy::Ledger& ledger, const std::shared_ptr<const policy::Policy>& policy,
                   const std::vector<const policy::Budget*>& budgets,
                   const identity::Directory& directory,
                   const std::filesystem::path& audit_directory, int64_t now_micros) {
  std::vector<const policy::Budget*> mine;
  audit::Query query;
  query.since_micros = now_micros;
  for (const auto* budget : budgets) {
    if (!ledger.begin_counting(*budget)) continue;
    mine.push_back(budget);
    query.since_micros = std::min(query.since_micros, policy::Ledger::since(*budget, now_micros));
  }
  if (mine.empty()) return;
  const auto take = [&](const audit::Record& record) {
    if (record.type != audit::EventType::kStatement || is_run(record))
      recall(ledger, policy, mine, record, directory, now_micros);
  };
  query.order = audit::Order::kOldest;
  query.limit = 10'000;
  const bool known = recall_all("statement", query, audit_directory, take) &&
                     recall_all("seen", query, audit_directory, take) &&
                     recall_all("prompt", query, audit_directory, take);
  for (const auto* budget : mine) ledger.end_counting(*budget, known);
}

}  // namespace sluice::gateway
