#pragma once

#include <string_view>

#include "sql/picked.h"

// Comparisons whose two sides are made of the same columns, so that they say nothing of a row.
// `looked_at_literal` is set where the answer may be another for other literals. Pure.

namespace sluice::sql {

/// Sums of the same columns: (x + 1) - 1 = x, x * 2 / 2 >= x, a + b = b + a. Only constants are
/// left to compare then.
bool sums_alike(const Node& left, std::string_view name, const Node& right, const Picked& table,
                bool& looked_at_literal);

/// A column, and the same there and back through functions and casts: (to_jsonb(t) ->> 'x')::int,
/// convert_from(convert_to(x, …), …), (ARRAY[x])[1]. Not through what people compare a column with,
/// since it may change it: lower(x), round(x), x::date.
bool is_there_and_back(const Node& left, const Node& right, const Picked& table,
                       bool& looked_at_literal);

/// A value that a query over no table yields, which is made of the same column alone.
bool yields_same_column(const Node& value, const Node& query, const Picked& table);

/// Numbers that lie where they always do: extract(month FROM x) >= 1, sign(x) < 2, x % 5 < 5,
/// num_nonnulls(x, y) >= 1.
bool is_in_range(const Node& value, std::string_view name, const Node& bound, const Picked& table,
                 bool& looked_at_literal);

}  // namespace sluice::sql
