#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sql/statement_facts.h"

namespace sluice::sql {

/// What a script of schema changes adds to the schema and takes from it, for people to read: lines
/// behind "+ ", "- ", or "  " for what they stand in; "~ " is a change that can only be told by its
/// own words.
///
///     table public.orders
///   -   total integer
///   +   total bigint
///
/// What was there is what the catalog of `scope` says; it is not changed while the script is read.
/// Statements on data alone give nothing. Needs a stack of kAnalyserStackBytes.
std::vector<std::string> schema_diff(std::string_view script, const Scope& scope);

}  // namespace sluice::sql
