#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "sql/node.h"

namespace sluice::sql {

/// A query in WITH.
struct CommonQuery {
  std::string_view name;
  std::optional<Node> query;  ///< of a trigger's transition table none
  bool renamed = false;       ///< its columns have names of their own
};

/// The table whose rows a condition picks, and the name that it has there.
struct Picked {
  const catalog::Relation* relation = nullptr;  ///< null: nothing is known of it
  std::string_view name;
  bool named_before = false;  ///< its name alone means another: a common table expression
  /// Names beside it for the whole of the same relation: each row is joined with itself there, too.
  std::vector<std::string_view> twins = {};
  std::vector<CommonQuery> commons = {};  ///< that can be referred to, the innermost last
  /// Set where the answer may be another for other literals in their places; null: nobody asks.
  bool* looked_at_literal = nullptr;

  void look_at_literal() const {
    if (looked_at_literal != nullptr) *looked_at_literal = true;
  }

  bool is_named(std::string_view word) const {
    return word == name || std::find(twins.begin(), twins.end(), word) != twins.end();
  }
};

/// By what name a RangeVar stands for all rows of the table; empty: it does not, or its columns
/// have other names there.
std::string_view name_of_all(const Node& range_var, const Picked& table);

/// The same of any item of FROM: also of a query, there or in WITH, that returns each row of the
/// table with its columns under their own names.
std::string_view name_of_each_row(const Node& from_item, const Picked& table);

/// x of f(x); nothing for another function, or with FILTER and the like.
std::optional<Node> only_argument(const Node& node, std::string_view function);

/// Adds the queries of a statement's WITH.
void add_common_queries(const Node& body, Picked& table);

/// The names in a reference to a column, also in (t).column; the last is empty for t.*.
std::vector<std::string_view> parts_of(const Node& node);

/// The last part of a reference to a column of the table, whichever there are; empty for others.
std::string_view own_name(const Node& node, const Picked& table);

/// Whether it is the table's row as a whole: t, t.*, (t).*.
bool is_whole_row(const Node& node, const Picked& table);

/// to_jsonb(t), row_to_json(t) and their like: an object whose keys are the same of each row.
bool is_row_as_json(const Node& node, const Picked& table);

/// The column of `table` that a ColumnRef means; null: another's, or none that is known.
const catalog::Column* column_of(const Node& node, const Picked& table);

/// Whether `node IS NULL` is true of no row, by the table's definition.
bool never_null(const Node& node, const Picked& table);

/// Whether it is `tableoid` of a table that has no others under it: the same of each row.
bool is_only_table(const Node& node, const Picked& table);

/// x::text of what is never NULL and is never written as '': a number, a date, a whole row.
bool is_written_out(const Node& node, const Picked& table);

/// How many characters such a text has at most; 0: nobody knows.
int64_t longest_written(const Node& node, const Picked& table);

/// Whether `node IS NOT NULL` is true of each row: of a whole row it asks for each column.
bool always_filled(const Node& node, const Picked& table);

/// What is left of an expression without what changes no value: x + 0, x * 1, x || '',
/// - - x, greatest(x), coalesce(x, …) of what is never NULL, and casts to a type that holds each
/// value of the column.
struct PlainValue {
  Node value;
  bool by_literals = false;    ///< other literals would leave less of it, or more
  bool kept_literals = false;  ///< other literals would leave less of it
  bool unchanged = true;       ///< false: by these literals it is another value
};
PlainValue plain_value(const Node& node, const Picked& table);

/// Whether a SubLink's query returns that column, or row of columns, of each row of the same table;
/// with `aggregate`, that function of the column over all of them.
bool selects_all(const Node& query, const Node& columns, const Picked& table,
                 std::string_view aggregate = {});

/// The columns, in order, that a query returns of each row of the table; "?" for something else.
/// Empty: not of each row.
std::vector<std::string_view> columns_of_all(const Node& query, const Picked& table);

/// The same as `selects_all`, but for what its WHERE leaves out.
bool selects_each(const Node& query, const Node& columns, const Picked& table);

/// Whether LIMIT, OFFSET or DISTINCT ON of a SELECT leaves anything out.
bool limits_rows(const Node& select, const Picked& table);

bool is_empty_text(const Node& node);

/// The name of an expression's operator, also where it is written OPERATOR(pg_catalog.=).
std::string_view operator_name(const Node& expression);

/// The number in an A_Const, with a fraction or without.
std::optional<double> number_in(const Node& constant);

/// A whole number as it is written; the tree has no negative ones, which come as 0.
bool whole_number(const Node& node, int64_t& out);

}  // namespace sluice::sql
