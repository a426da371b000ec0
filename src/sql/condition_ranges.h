#pragma once

#include "sql/picked.h"

namespace sluice::sql {

/// Whether a call asks of a range that is made there and then (int4range(x, x, '[]')) what holds,
/// or does not, of each that is made like this: isempty, lower_inc, upper_inf and their like.
/// `looked_at_literal` as in condition.h. Pure.
bool asks_of_made_range(const Node& call, const Picked& table, bool& looked_at_literal);

/// The same of int4range(x, x, '[]') <> 'empty', and with = in its place.
bool compares_made_range(const Node& left, const Node& right, const Picked& table,
                         bool& looked_at_literal);

}  // namespace sluice::sql
