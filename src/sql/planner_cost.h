#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/statement_facts.h"

namespace sluice::sql {

/// Whether a statement runs by a plan whose cost can be told before.
enum class Planned : uint8_t {
  kYes,
  kNothing,  ///< it has no plan, or its plan has been paid for: FETCH, SHOW, CREATE TABLE
  kUnknown,  ///< it runs plans that EXPLAIN does not tell: COPY, CALL, DO, EXPLAIN ANALYZE
};
Planned planned(const StatementFacts& facts);

/// What to ask the server one by one, in one transaction, for the plan of a text with so many
/// parameters, of which `types` have been declared (empty: one that has not); the plan is the
/// answer to question `plan_at`. Parameters are taken for any values: the plan is the generic one.
/// `name`: of a prepared statement that exists meanwhile.
struct PlanQuestions {
  std::vector<std::string> all;
  size_t plan_at = 0;
};
PlanQuestions plan_questions(std::string_view text, uint32_t parameters,
                             const std::vector<std::string>& types, std::string_view name);

/// The planner's total cost, from what EXPLAIN (FORMAT JSON) says. Nothing for a text that is no
/// such plan.
std::optional<double> total_cost(std::string_view plan);

}  // namespace sluice::sql
