#pragma once

#include <optional>
#include <string_view>

#include "sql/statement_facts.h"

namespace sluice::sql {

/// Rows that the planner expects a statement to return, to change wherever it writes (all its
/// writes together), or to take together in one value (an aggregate, ARRAY (SELECT …)), whichever
/// are most; from what EXPLAIN (FORMAT JSON) says. Nothing for a text that is no such plan.
std::optional<double> estimated_rows(std::string_view plan);

/// Whether code of the statement's (functions, triggers) changes rows that its plan does not tell
/// of. What triggers of a write insert elsewhere is left out: few would write anything else.
bool code_changes_more(const StatementFacts& facts, const catalog::Catalog& catalog,
                       std::string_view plan);

}  // namespace sluice::sql
