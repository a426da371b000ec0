#pragma once

#include "sql/picked.h"

namespace sluice::sql {

/// Whether anything under `node` looks at a column, of whatever table.
bool reads_row(const Node& node);

/// Whether a WHERE condition limits nothing: it looks at no column of the row (a constant, a
/// parameter, a function of constants), compares a column with itself or with all values that it
/// has, asks whether it is NULL where it never is, or has such an arm under OR (under AND: only
/// such arms). `looked_at_literal` is set where the answer may be another for other literals in
/// their places.
/// `plain_equals`: = compares numbers as pg_catalog does.
bool always_true(const Node& condition, const Picked& table, bool& looked_at_literal,
                 bool plain_equals = true);

}  // namespace sluice::sql
