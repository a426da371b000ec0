// Queries and items of FROM that stand for all rows of a table.
#include <algorithm>
#include <string_view>
#include <vector>

#include "sql/condition.h"
#include "sql/names.h"
#include "sql/picked.h"

namespace sluice::sql {
namespace {

constexpr int kDeepest = 8;  // Queries in queries; whoever writes more is not believed to limit.

/// Of one column, or of each in a row of them; empty: some is no column of the table.
std::vector<std::string_view> own_names(const Node& columns, const Picked& table) {
  std::vector<std::string_view> names;
  if (const auto row = field(columns, "RowExpr")) {
    for_each(*row, "args", [&](const Node& one) { names.push_back(own_name(one, table)); });
  } else {
    names.push_back(own_name(columns, table));
  }
  if (std::find(names.begin(), names.end(), std::string_view()) != names.end()) names.clear();
  return names;
}

using Columns = std::vector<std::string_view>;
std::string_view name_of_source(const Node& item, const Picked& table, int depth, Columns& columns);

/// The columns that a query returns of each row of the table, under their own names; empty: of
/// some row it returns none, or something else.
Columns columns_of_each(const Node& select, const Picked& table, bool any_where,
                        std::string_view aggregate, int depth) {
  if (table.relation == nullptr || depth > kDeepest || limits_rows(select, table)) return {};
  Picked inner = table;
  add_common_queries(select, inner);
  if (text_field(select, "op") == "SETOP_UNION") {
    for (const char* side : {"larg", "rarg"}) {
      const auto arm = field(select, side);
      if (!arm) continue;
      auto names = columns_of_each(*arm, inner, any_where, aggregate, depth + 1);
      if (!names.empty()) return names;
    }
    return {};
  }
  for (const char* part : {"groupClause", "havingClause", "valuesLists", "larg", "whereClause"}) {
    const std::string_view name = part;
    if ((name == "groupClause" && aggregate.empty()) || (name == "whereClause" && any_where))
      continue;
    if (field(select, part)) return {};
  }
  size_t sources = 0;
  bool all = true;
  Columns there;
  for_each(select, "fromClause", [&](const Node& item) {
    ++sources;
    all = all && !name_of_source(item, inner, depth + 1, there).empty();
  });
  if (sources == 0 || !all) return {};
  Columns names;
  for_each(select, "targetList", [&](const Node& wrapper) {
    const auto target = field(wrapper, "ResTarget");
    auto value = target ? field(*target, "val") : std::nullopt;
    if (const auto inner = value ? only_argument(*value, "unnest") : std::nullopt) value = inner;
    if (value && !aggregate.empty()) value = only_argument(*value, aggregate);
    const auto parts = value ? parts_of(*value) : std::vector<std::string_view>();
    const std::string_view renamed = target ? text_field(*target, "name") : std::string_view();
    // What has another name than any column of the table is none that is asked for, within a query.
    if (depth > 1 && parts.empty() && !renamed.empty() &&
        table.relation->column(renamed) == nullptr)
      return;
    if (!parts.empty() && parts.back().empty()) {
      names.insert(names.end(), there.begin(), there.end());
    } else if (parts.empty() || (depth > 0 && !renamed.empty() && renamed != parts.back())) {
      names.emplace_back(
          "?");  // No column has this name without quotes; it is none of those asked.
    } else {
      names.push_back(parts.back());
    }
  });
  return names;
}

bool selects(const Node& query, const Node& columns, const Picked& table,
             std::string_view aggregate, bool any_where) {
  const auto wanted = own_names(columns, table);
  const auto select = field(query, "SelectStmt");
  return select && !wanted.empty() &&
         columns_of_each(*select, table, any_where, aggregate, 0) == wanted;
}

/// A query in FROM or WITH that gives each row of the table, its columns under their own names.
bool is_each_row(const Node& query, const Picked& table, int depth, Columns& columns) {
  const auto select = field(query, "SelectStmt");
  if (!select) return false;
  columns = columns_of_each(*select, table, false, {}, depth + 1);
  return !columns.empty() && std::find(columns.begin(), columns.end(), "?") == columns.end();
}

/// The side of a join of which no row is left out: the outer one; of the table with itself, by
/// USING, NATURAL or without a condition, either.
std::string_view name_of_joined(const Node& join, const Picked& table, int depth,
                                Columns& columns) {
  const auto left = field(join, "larg"), right = field(join, "rarg");
  if (!left || !right || field(join, "alias")) return {};
  const std::string_view kind = text_field(join, "jointype");
  if (kind == "JOIN_RIGHT") return name_of_source(*right, table, depth + 1, columns);
  const std::string_view name = name_of_source(*left, table, depth + 1, columns);
  if (kind != "JOIN_INNER") return name;
  Columns there;
  const std::string_view other = name_of_source(*right, table, depth + 1, there);
  if (name.empty() || other.empty()) return {};
  const auto condition = field(join, "quals");
  if (!condition) return name;
  Picked both = table;
  both.twins = {name, other};
  bool looked = false;
  const bool all = always_true(*condition, both, looked);
  if (looked) table.look_at_literal();
  return all ? name : std::string_view();
}

/// What it is called and which columns of the table it has.
std::string_view name_of_source(const Node& item, const Picked& table, int depth,
                                Columns& columns) {
  if (depth > kDeepest || table.relation == nullptr) return {};
  if (const auto derived = field(item, "RangeSubselect")) {
    const auto alias = field(*derived, "alias"), query = field(*derived, "subquery");
    if (!alias || field(*alias, "colnames") || !query ||
        !is_each_row(*query, table, depth, columns))
      return {};
    return text_field(*alias, "aliasname");
  }
  if (const auto join = field(item, "JoinExpr"))
    return name_of_joined(*join, table, depth, columns);
  const auto range = field(item, "RangeVar");
  if (!range) return {};
  const std::string_view name = text_field(*range, "relname");
  const auto alias = field(*range, "alias");
  size_t at = table.commons.size();
  while (at > 0 && table.commons[at - 1].name != name) --at;
  if (at == 0 || !text_field(*range, "schemaname").empty()) {
    columns.clear();
    for (const auto& column : table.relation->columns) columns.push_back(column.name);
    return name_of_all(*range, table);
  }
  const CommonQuery& common = table.commons[at - 1];
  Picked before = table;  // A query in WITH sees those before it.
  before.commons.resize(at - 1);
  if (!common.query || common.renamed || (alias && field(*alias, "colnames")) ||
      !is_each_row(*common.query, before, depth, columns))
    return {};
  return alias ? text_field(*alias, "aliasname") : name;
}

}  // namespace

std::optional<Node> only_argument(const Node& node, std::string_view function) {
  const auto call = field(node, "FuncCall");
  if (!call || name_in(*call, "funcname").name != function || field(*call, "agg_filter"))
    return std::nullopt;
  std::optional<Node> argument;
  size_t count = 0;
  for_each(*call, "args", [&](const Node& item) {
    ++count;
    argument = item;
  });
  return count == 1 ? argument : std::nullopt;
}

void add_common_queries(const Node& body, Picked& table) {
  const auto clause = field(body, "withClause");
  if (!clause) return;
  for_each(*clause, "ctes", [&](const Node& wrapper) {
    const auto common = field(wrapper, "CommonTableExpr");
    if (!common) return;
    table.commons.push_back({text_field(*common, "ctename"), field(*common, "ctequery"),
                             field(*common, "aliascolnames").has_value()});
  });
}

std::string_view name_of_all(const Node& range_var, const Picked& table) {
  const std::string_view schema = text_field(range_var, "schemaname");
  const std::string_view name = text_field(range_var, "relname");
  const auto alias = field(range_var, "alias");
  const bool all = table.relation != nullptr && name == table.relation->name &&
                   (schema.empty() ? !table.named_before : schema == table.relation->schema) &&
                   (bool_field(range_var, "inh") || table.relation->children.empty()) &&
                   !(alias && field(*alias, "colnames"));
  if (!all) return {};
  return alias ? text_field(*alias, "aliasname") : name;
}

std::string_view name_of_each_row(const Node& from_item, const Picked& table) {
  Columns columns;
  return name_of_source(from_item, table, 0, columns);
}

bool limits_rows(const Node& select, const Picked& table) {
  const auto limit = field(select, "limitCount"), offset = field(select, "limitOffset");
  const auto all = limit ? field(*limit, "A_Const") : std::nullopt;
  if (limit && !(all && bool_field(*all, "isnull"))) return true;
  const auto skipped = offset ? field(*offset, "A_Const") : std::nullopt;
  int64_t rows = -1;
  if (skipped) table.look_at_literal();
  if (offset && !(skipped && whole_number(*offset, rows) && rows == 0)) return true;
  const auto distinct = field(select, "distinctClause");
  return distinct && reads_row(*distinct);
}

bool selects_all(const Node& query, const Node& columns, const Picked& table,
                 std::string_view aggregate) {
  return selects(query, columns, table, aggregate, false);
}

std::vector<std::string_view> columns_of_all(const Node& query, const Picked& table) {
  const auto select = field(query, "SelectStmt");
  return select ? columns_of_each(*select, table, false, {}, 0) : Columns();
}

bool selects_each(const Node& query, const Node& columns, const Picked& table) {
  return selects(query, columns, table, {}, true);
}

}  // namespace sluice::sql
