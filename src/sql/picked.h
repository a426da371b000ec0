#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "sql/node.h"

namespace sluice::sql {

/// The table whose rows a condition picks, and the name that it has there.
struct Picked {
  const catalog::Relation* relation = nullptr;  ///< null: nothing is known of it
  std::string_view name;
  bool named_before = false;  ///< its name alone means another: a common table expression
  /// Names beside it for the whole of the same relation: each row is joined with itself there, too.
  std::vector<std::string_view> twins = {};

  bool is_named(std::string_view word) const {
    return word == name || std::find(twins.begin(), twins.end(), word) != twins.end();
  }
};

/// By what name a RangeVar stands for all rows of the table; empty: it does not, or its columns
/// have other names there.
std::string_view name_of_all(const Node& range_var, const Picked& table);

/// The column of `table` that a ColumnRef means; null: another's, or none that is known.
const catalog::Column* column_of(const Node& node, const Picked& table);

/// Whether `node IS NULL` is true of no row, by the table's definition.
bool never_null(const Node& node, const Picked& table);

/// Whether it is `tableoid` of a table that has no others under it: the same of each row.
bool is_only_table(const Node& node, const Picked& table);

/// x::text of a column that is never NULL and whose type writes no value as ''.
bool is_written_out(const Node& node, const Picked& table);

/// Whether `node IS NOT NULL` is true of each row: of a whole row it asks for each column.
bool always_filled(const Node& node, const Picked& table);

/// What is left of an expression without what changes no value: x + 0, x * 1, x || '',
/// coalesce(x, …) of what is never NULL, and casts to a type that holds each value of the column.
struct PlainValue {
  Node value;
  bool by_literals = false;  ///< other literals would leave less of it, or more
  bool unchanged = true;     ///< false: by these literals it is another value
};
PlainValue plain_value(const Node& node, const Picked& table);

/// Whether a SubLink's query returns that column, or row of columns, of each row of the same table;
/// with `aggregate`, that function of the column over all of them.
bool selects_all(const Node& query, const Node& columns, const Picked& table,
                 std::string_view aggregate = {});

/// The same, but for what its WHERE leaves out.
bool selects_each(const Node& query, const Node& columns, const Picked& table);

/// Whether LIMIT, OFFSET or DISTINCT ON of a SELECT leaves anything out.
bool limits_rows(const Node& select);

bool is_empty_text(const Node& node);

/// The name of an expression's operator, also where it is written OPERATOR(pg_catalog.=).
std::string_view operator_name(const Node& expression);

/// A whole number as it is written; the tree has no negative ones, which come as 0.
bool whole_number(const Node& node, int64_t& out);

}  // namespace sluice::sql
