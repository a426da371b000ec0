#pragma once

#include <string>

#include "policy/rate.h"
#include "policy/recorded.h"
#include "sql/statement_facts.h"

namespace sluice::policy {

/// What limits would have made of a statement that is on record.
struct Bounded {
  std::optional<PassedLimit> passed;
  std::string rule;     ///< of `passed`
  std::string message;  ///< for people
  /// Without `passed`: the limit of which it cannot be told, and why; empty: none.
  std::string unknown;
};

/// Compares what a statement used with `limits`. Without facts of what it used (it did not run)
/// nothing is passed but a rate.
Bounded bound(const RecordedStatement& statement, const sql::StatementFacts& facts,
              const Limits& limits);

/// Counts it by its rate, as the gateway would have at that time: nothing where that is not passed.
std::optional<Bounded> count_rate(const RecordedStatement& statement, const Limits& limits,
                                  RateLimiter& rates);

}  // namespace sluice::policy
