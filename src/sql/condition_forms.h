#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "sql/node.h"

// Forms of conditions that say nothing of a row, whatever the table. `looked_at_literal` is set
// where the answer may be another for other literals in their places. Pure.

namespace sluice::sql {

/// WHERE false, WHERE NULL and WHERE 1 = 0 take no row at all.
bool is_never(const Node& condition, bool& looked_at_literal, bool plain_equals);

/// Structural equality, leaving out where in the text things stand.
bool same(const Node& a, const Node& b, bool& looked_at_literal);

/// What stands before ESCAPE, and within what SIMILAR TO makes of its pattern.
Node pattern_of(const Node& node);

/// A pattern of LIKE or SIMILAR TO that every text matches.
bool is_percent(const Node& node, bool& looked_at_literal);
/// A regular expression that every text matches, or every one that is not empty.
bool matches_all(const Node& node, bool& looked_at_literal);

/// A length or an absolute value that is at least 0.
bool is_any_size(const Node& left, const Node& right, bool& looked_at_literal);

/// x * x, x ^ 2, @ x, sqrt(x), coalesce(length(x), 0): what is never below 0.
bool is_never_below_zero(const Node& node, bool& looked_at_literal);

/// length(…) and its like, of which no text but the empty one has 0.
bool is_length(const Node& node);
bool is_length_name(std::string_view function);

/// '{}' and ARRAY[]: whatever holds for all of it holds.
bool is_empty_list(const Node& node, bool& looked_at_literal);

/// The one value of SELECT x and VALUES (x), which come from no table.
std::optional<Node> selected_alone(const Node& query);

/// Some two of these arms, one of which always holds: x = y and x <> y, p and NOT p; or x < y,
/// x = y and x > y.
bool has_complements(const std::vector<Node>& arms, bool& looked_at_literal);
/// Some two of them that never hold together: x > y and x <= y.
bool has_contradiction(const std::vector<Node>& arms, bool& looked_at_literal);

}  // namespace sluice::sql
