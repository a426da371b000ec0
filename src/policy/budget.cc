#include "policy/budget.h"

#include <charconv>
#include <unordered_map>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/units.h"
#include "policy/rule_reader.h"

namespace sluice::policy {
namespace {

using yaml::MapReader;

constexpr size_t kMaxBudget = 16 << 10;
constexpr uint64_t kMostSubjects = 100'000;
constexpr auto kShortest = std::chrono::minutes(1);
constexpr auto kLongest = std::chrono::hours(24 * 31);

void read_amount(MapReader& map, Amount amount, Budget& budget) {
  const std::string key(name_of(amount));
  std::string text;
  if (!map.scalar(key, text)) return;
  uint64_t value = 0;
  constexpr uint64_t kMost = 1'000'000'000'000;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value == 0 || value > kMost) {
    map.problem(key, fmt::format("expected a whole number from 1 to {}, got \"{}\"", kMost, text));
  } else {
    budget.most[static_cast<size_t>(amount)] = value;
  }
}

void read_amounts(MapReader& map, Budget& budget) {
  for (const auto amount :
       {Amount::kStatements, Amount::kRows, Amount::kRowsChanged, Amount::kSensitiveValues,
        Amount::kPlannerCost, Amount::kSubjects, Amount::kInputTokens, Amount::kOutputTokens})
    read_amount(map, amount, budget);
  // Which they are is kept in memory.
  if (const auto most = budget.most[static_cast<size_t>(Amount::kSubjects)];
      most && *most > kMostSubjects)
    map.problem("subjects", fmt::format("expected at most {}", kMostSubjects));
  size_t bytes = 0;
  map.parsed("bytes", bytes, parse_size);
  if (map.has("bytes")) budget.most[static_cast<size_t>(Amount::kBytes)] = bytes;
  Duration duration{};
  map.parsed("duration", duration, parse_duration);
  if (!map.has("duration")) return;
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  if (millis < 1) map.problem("duration", "expected at least 1ms");
  budget.most[static_cast<size_t>(Amount::kDuration)] = static_cast<uint64_t>(millis);
}

void read_span(MapReader& map, Budget& budget) {
  Duration every{};
  map.parsed("every", every, parse_duration);
  const bool given = map.has("every");
  if (given && (every < kShortest || every > kLongest)) {
    map.problem("every", "expected from 1m to 31d");
  } else if (!given && budget.per != Per::kRun) {
    map.problem("every", "expected a span after which it is renewed, such as 1h");
  }
  budget.every = every;
}

}  // namespace

std::string_view name_of(Per per) {
  switch (per) {
    case Per::kAgent:
      return "agent";
    case Per::kRun:
      return "run";
    case Per::kHuman:
      return "human";
  }
  return "?";
}

std::string_view name_of(Amount amount) {
  switch (amount) {
    case Amount::kStatements:
      return "statements";
    case Amount::kRows:
      return "rows";
    case Amount::kBytes:
      return "bytes";
    case Amount::kRowsChanged:
      return "rows_changed";
    case Amount::kSensitiveValues:
      return "sensitive_values";
    case Amount::kDuration:
      return "duration";
    case Amount::kPlannerCost:
      return "planner_cost";
    case Amount::kSubjects:
      return "subjects";
    case Amount::kInputTokens:
      return "input_tokens";
    case Amount::kOutputTokens:
      return "output_tokens";
  }
  return "?";
}

std::string to_text(const Amounts& amounts) {
  std::string out;
  for (size_t i = 0; i < kAmounts; ++i) {
    if (amounts[i] == 0) continue;
    out +=
        fmt::format("{}{}={}", out.empty() ? "" : " ", name_of(static_cast<Amount>(i)), amounts[i]);
  }
  return out;
}

Amounts amounts_in(std::string_view text) {
  Amounts out{};
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    const size_t equals = std::min(part.find('='), part.size());
    for (size_t i = 0; i < kAmounts; ++i) {
      if (name_of(static_cast<Amount>(i)) == part.substr(0, equals) && equals < part.size())
        std::from_chars(part.data() + equals + 1, part.data() + part.size(), out[i]);
    }
  }
  return out;
}

Budget read_budget(MapReader& map, yaml::Problems& problems) {
  Budget budget;
  budget.line = map.mark().line + 1;
  budget.column = map.mark().column + 1;
  budget.about.effect = Effect::kAllow;
  if (map.dump(kMaxBudget).empty()) {
    problems.add(map.mark(),
                 fmt::format("a budget longer than {} bytes, or without end", kMaxBudget));
    map.skip();
    return budget;
  }
  if (map.scalar("name", budget.name, true)) {
    if (const auto wrong = check_rule_name(budget.name); !wrong.empty()) map.problem("name", wrong);
  }
  budget.about.name = budget.name;
  std::string counted_by;
  read_part(map, "who", [&](MapReader& inner) {
    counted_by += "who " + inner.dump(kMaxBudget);
    read_who(inner, budget.about.who);
  });
  read_part(map, "on", [&](MapReader& inner) {
    counted_by += "on " + inner.dump(kMaxBudget);
    read_on(inner, budget.about.on);
    const On& on = budget.about.on;
    if (on.names_relations() || on.functions)
      map.problem("on", "a budget is for databases and environments");
  });
  if (!map.has("who"))
    map.problem("who", "expected whose statements count, such as {kinds: [agent]}");
  map.one_of("per", {"agent", "run", "human"}, [&](size_t i) { budget.per = static_cast<Per>(i); });
  if (!map.has("per")) map.problem("per", "expected agent, run or human");
  read_span(map, budget);
  read_amounts(map, budget);
  map.scalar("ask", budget.ask);
  bool any = false;
  for (const auto& most : budget.most) any = any || most.has_value();
  if (!any) {
    problems.add(map.mark(),
                 "a budget needs an amount: statements, rows, bytes, rows_changed, "
                 "sensitive_values, subjects, planner_cost, duration, input_tokens or "
                 "output_tokens");
  }
  const auto digest = sha256(fmt::format("{} {} {} {}", budget.name, name_of(budget.per),
                                         budget.every.count(), counted_by));
  budget.counted_by = to_hex(Bytes(digest.data(), digest.size()));
  return budget;
}

void check_budgets(const std::vector<Budget>& budgets, yaml::Problems& problems) {
  std::unordered_map<std::string, int> lines;
  for (const Budget& budget : budgets) {
    const auto [known, first] = lines.emplace(budget.name, budget.line);
    if (first) continue;
    YAML::Mark mark;
    mark.line = budget.line - 1;
    mark.column = budget.column - 1;
    problems.add(mark, fmt::format("budget \"{}\": the budget in line {} has the same name",
                                   budget.name, known->second));
  }
}

std::set<std::string> budget_keys() {
  yaml::Problems problems("");
  {
    // It tells of its keys when it is done.
    const YAML::Node budget = yaml::load_document("{}", problems);
    MapReader map(budget, "a budget", problems);
    (void)read_budget(map, problems);
  }
  return problems.keys();
}

}  // namespace sluice::policy
