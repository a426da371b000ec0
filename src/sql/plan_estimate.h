#pragma once

#include <optional>
#include <string_view>

namespace sluice::sql {

/// Rows that the planner expects a statement to return, or to change where it writes, from what
/// EXPLAIN (FORMAT JSON) says. Nothing for a text that is no such plan.
std::optional<double> estimated_rows(std::string_view plan);

}  // namespace sluice::sql
