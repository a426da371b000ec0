#pragma once

#include <string_view>
#include <vector>

#include "sql/node.h"

namespace sluice::sql {

/// Whether anybody could see that an expression was evaluated, or was not: by what it does besides
/// returning a value, by failing, or in the plan. Where evaluating it depends on something hidden
/// (AND, OR, COALESCE, rows that are compared part by part), that would be told.
bool acts(const Node& expression);

/// Whether some item of a list does.
bool any_acts(const Node& body, std::string_view list);

/// Functions of pg_catalog that return something whatever they are given, and do nothing else.
bool only_returns(std::string_view name);

/// Whether rows are compared of which some part does: they are gone through up to the first that
/// differs. `sides` of an operator.
bool compares_rows_that_act(const std::vector<Node>& sides);

}  // namespace sluice::sql
