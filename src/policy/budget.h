#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "policy/rule.h"
#include "yaml/reader.h"

namespace sluice::policy {

/// Who shares a budget: each agent (the user who connects), each run of theirs, or the person for
/// whom agents act.
enum class Per : uint8_t { kAgent, kRun, kHuman };

/// What budgets count.
enum class Amount : uint8_t {
  kStatements,
  kRows,             ///< returned
  kBytes,            ///< returned
  kRowsChanged,      ///< cascades and triggers included
  kSensitiveValues,  ///< shown as they are, each once a statement
  kDuration,         ///< at the server, in milliseconds
  kPlannerCost,      ///< that the planner expects, in its own units
  kSubjects,         ///< sensitive values shown as they are, each once in a span
  kInputTokens,      ///< of models, as their providers count them
  kOutputTokens,     ///< the same
};
inline constexpr size_t kAmounts = 10;
using Amounts = std::array<uint64_t, kAmounts>;

/// "agent", "statements", …: as in the policy.
std::string_view name_of(Per per);
std::string_view name_of(Amount amount);

/// "statements=3 rows=70": for the store that gateways share. Names that are not known are skipped.
std::string to_text(const Amounts& amounts);
Amounts amounts_in(std::string_view text);

/// What may be used in a span of time, over many statements (docs/policy.md).
struct Budget {
  std::string name;
  Rule about;  ///< who, databases and environments
  Per per = Per::kAgent;
  Duration every{};  ///< spans begin at whole multiples since 1970; zero: as long as the run
  std::array<std::optional<uint64_t>, kAmounts> most;
  std::string ask;  ///< whom to ask for more, in words
  /// Of what decides which statements count, a digest: budgets alike in this share what has been
  /// counted.
  std::string counted_by;
  int line = 0, column = 0;  ///< from 1

  bool counts(Amount amount) const { return most[static_cast<size_t>(amount)].has_value(); }
};

/// A run that has been silent for so long is another one.
inline constexpr Duration kLongestRunSilence = std::chrono::hours(24 * 7);

Budget read_budget(yaml::MapReader& map, yaml::Problems& problems);
/// What is wrong with them together.
void check_budgets(const std::vector<Budget>& budgets, yaml::Problems& problems);
/// Every key a budget may have, as "a budget.name".
std::set<std::string> budget_keys();

}  // namespace sluice::policy
