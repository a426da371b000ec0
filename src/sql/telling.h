#pragma once

#include <string_view>

#include "sql/picked.h"

namespace sluice::sql {

/// Whether an expression's value says anything of a row: it is made of some column, and not only
/// of what each row of the table has in common (its columns' types, sizes and names, that they are
/// not NULL, that there are none of them in an empty text). `looked_at_literal` as in condition.h.
/// Pure.
bool tells(const Node& node, const Picked& table, bool& looked_at_literal);

/// Whether a list holds all numbers that an expression can be: sign(x) IN (-1, 0, 1), x % 2 IN
/// (0, 1), num_nulls(x) IN (0, 1).
bool has_all_outcomes(const Node& value, const Node& list, bool& looked_at_literal);

/// x @> '{}', x <@ '(,)' and operators that hold of what is made of the same columns alone.
bool always_holds(const Node& left, std::string_view name, const Node& right, const Picked& table,
                  bool& looked_at_literal);

/// id <= 2147483647, of a column that is never NULL and whose type holds nothing above.
bool is_type_bound(const Node& left, std::string_view name, const Node& right, const Picked& table,
                   bool& looked_at_literal);

/// Whether each text of a number or a row matches a pattern: it asks for some character, for
/// digits, or for what rows are written with. `name`: the operator, "~~" for LIKE.
/// `from_end_to_end`: the pattern has to match the text as a whole.
bool matches_any_written(std::string_view name, const Node& pattern, bool from_end_to_end,
                         bool& looked_at_literal);

/// A pattern that no text but the empty one matches.
bool matches_empty_only(std::string_view name, const Node& pattern, bool& looked_at_literal);

}  // namespace sluice::sql
