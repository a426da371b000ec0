#include "sql/picked.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iterator>
#include <string>
#include <vector>

#include "sql/condition.h"
#include "sql/names.h"

namespace sluice::sql {
namespace {

constexpr std::array<std::string_view, 6> kSystemColumns = {"ctid", "xmin",     "xmax",
                                                            "cmin", "tableoid", "cmax"};

/// Of a reference to a column, also (t).column.
std::vector<std::string_view> parts_of(const Node& node) {
  std::vector<std::string_view> parts;
  const auto add = [&](const Node& part) {
    const auto text = field(part, "String");
    parts.push_back(text ? text_field(*text, "sval") : std::string_view());
  };
  if (const auto reference = field(node, "ColumnRef")) {
    for_each(*reference, "fields", add);
  } else if (const auto taken = field(node, "A_Indirection")) {
    if (const auto row = field(*taken, "arg")) parts = parts_of(*row);
    if (!parts.empty()) for_each(*taken, "indirection", add);
  }
  return parts;
}

/// The last part of a reference to a column of the table, whichever there are.
std::string_view own_name(const Node& node, const Picked& table) {
  const auto parts = parts_of(node);
  if (parts.size() == 1) return parts[0];
  if (parts.size() == 2) return table.is_named(parts[0]) ? parts[1] : std::string_view();
  const bool spelt_out = parts.size() == 3 && table.relation != nullptr &&
                         parts[0] == table.relation->schema && parts[1] == table.name;
  return spelt_out ? parts[2] : std::string_view();
}

bool is_whole_row(const Node& node, const Picked& table) {
  const auto parts = parts_of(node);
  if (table.relation == nullptr || parts.empty() || !table.is_named(parts[0])) return false;
  // (t).* and t.* leave the last part without a name.
  return parts.size() == 1 ? table.relation->column(parts[0]) == nullptr
                           : parts.size() == 2 && parts[1].empty();
}

/// Whether a cast to the type `name` leaves each value of the column what it is.
bool holds_each(std::string_view name, const catalog::Column& column) {
  struct Type {
    std::string_view written, formatted;
    int width;  ///< among whole numbers
  };
  static constexpr Type kTypes[] = {{"int2", "smallint", 1},
                                    {"int4", "integer", 2},
                                    {"int8", "bigint", 3},
                                    {"numeric", "numeric", 4},
                                    {"text", "text", 0},
                                    {"varchar", "character varying", 0},
                                    {"uuid", "uuid", 0},
                                    {"bool", "boolean", 0},
                                    {"date", "date", 0},
                                    {"float8", "double precision", 0},
                                    {"timestamptz", "timestamp with time zone", 0},
                                    {"timestamp", "timestamp without time zone", 0}};
  const auto to = std::find_if(std::begin(kTypes), std::end(kTypes),
                               [&](const Type& type) { return type.written == name; });
  if (to == std::end(kTypes)) return false;
  if (name == "text" || name == "varchar") return true;
  const auto from = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const Type& type) {
    return column.type_name == type.formatted;
  });
  return from != std::end(kTypes) && (from == to || (from->width > 0 && to->width >= from->width));
}

std::optional<double> number_in(const Node& constant) {
  if (const auto whole = field(constant, "ival")) {
    int64_t number = 0;
    const auto found = field(*whole, "ival");
    return !found || found->get(number) == simdjson::SUCCESS
               ? std::optional(static_cast<double>(number))
               : std::nullopt;
  }
  const auto fraction = field(constant, "fval");
  if (!fraction) return std::nullopt;
  return std::strtod(std::string(text_field(*fraction, "fval")).c_str(), nullptr);
}

enum class Operand : uint8_t { kOther, kNeutral, kLiteral };

/// What the other side of an operator does to a value.
Operand operand(std::string_view operation, const Node& other, bool is_right) {
  const auto constant = field(other, "A_Const");
  if (!constant) return Operand::kOther;
  const bool adds = operation == "+" || (operation == "-" && is_right);
  const bool scales = operation == "*" || (operation == "/" && is_right);
  if (operation == "||" && field(*constant, "sval"))
    return is_empty_text(other) ? Operand::kNeutral : Operand::kLiteral;
  const auto number = adds || scales ? number_in(*constant) : std::nullopt;
  if (!number) return Operand::kOther;
  return *number == (scales ? 1 : 0) ? Operand::kNeutral : Operand::kLiteral;
}

std::optional<Node> without_cast(const Node& node, const Picked& table) {
  const auto cast = field(node, "TypeCast");
  const auto type = cast ? field(*cast, "typeName") : std::nullopt;
  const auto value = cast ? field(*cast, "arg") : std::nullopt;
  if (!type || !value || field(*type, "typmods") || field(*type, "arrayBounds"))
    return std::nullopt;
  const catalog::Column* column = column_of(*value, table);
  if (column == nullptr || !holds_each(name_in(*type, "names").name, *column)) return std::nullopt;
  return value;
}

/// Sets in `plain` what the literal at the other side means.
std::optional<Node> without_literal(PlainValue& plain) {
  const auto expression = field(plain.value, "A_Expr");
  if (!expression || text_field(*expression, "kind") != "AEXPR_OP") return std::nullopt;
  const auto left = field(*expression, "lexpr"), right = field(*expression, "rexpr");
  if (!left || !right) return std::nullopt;
  const std::string_view operation = operator_name(*expression);
  for (const bool is_right : {true, false}) {
    const Operand other = operand(operation, is_right ? *right : *left, is_right);
    if (other == Operand::kOther) continue;
    plain.by_literals = true;
    plain.unchanged = plain.unchanged && other == Operand::kNeutral;
    return is_right ? left : right;
  }
  return std::nullopt;
}

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

/// x of f(x); nothing for another function, or with FILTER and the like.
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

/// Whether it is NULL only where one of what it is made of is: comparisons and functions of the
/// server's own.
bool is_strict(const Node& node, const Picked& table) {
  constexpr std::string_view kStrict[] = {"abs",   "char_length", "length",       "lower",
                                          "ltrim", "md5",         "octet_length", "rtrim",
                                          "sign",  "trim",        "upper",        "btrim"};
  constexpr std::string_view kOperators[] = {"=", "<>", "<", ">", "<=", ">=", "+", "-", "*"};
  bool filled = true;
  const auto ask = [&](const Node& part) { filled = filled && never_null(part, table); };
  if (const auto expression = field(node, "A_Expr")) {
    const std::string_view name = operator_name(*expression);
    if (text_field(*expression, "kind") != "AEXPR_OP" ||
        std::find(std::begin(kOperators), std::end(kOperators), name) == std::end(kOperators))
      return false;
    for (const char* side : {"lexpr", "rexpr"})
      if (const auto part = field(*expression, side)) ask(*part);
    return filled;
  }
  if (const auto boolean = field(node, "BoolExpr")) {
    for_each(*boolean, "args", ask);
    return filled;
  }
  const auto call = field(node, "FuncCall");
  const std::string_view name = call ? name_in(*call, "funcname").name : std::string_view();
  if (std::find(std::begin(kStrict), std::end(kStrict), name) == std::end(kStrict)) return false;
  for_each(*call, "args", ask);
  return filled;
}

std::optional<Node> first_of_coalesce(const Node& node, const Picked& table) {
  const auto coalesce = field(node, "CoalesceExpr");
  std::optional<Node> first;
  if (coalesce)
    for_each(*coalesce, "args", [&](const Node& argument) { first = first ? first : argument; });
  return first && never_null(*first, table) ? first : std::nullopt;
}

}  // namespace

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

bool limits_rows(const Node& select) {
  const auto limit = field(select, "limitCount"), offset = field(select, "limitOffset");
  const auto all = limit ? field(*limit, "A_Const") : std::nullopt;
  if (limit && !(all && bool_field(*all, "isnull"))) return true;
  const auto skipped = offset ? field(*offset, "A_Const") : std::nullopt;
  if (offset && !(skipped && number_in(*skipped) == 0.0)) return true;
  const auto distinct = field(select, "distinctClause");
  return distinct && reads_row(*distinct);
}

const catalog::Column* column_of(const Node& node, const Picked& table) {
  const std::string_view name = own_name(node, table);
  return name.empty() || table.relation == nullptr ? nullptr : table.relation->column(name);
}

bool is_only_table(const Node& node, const Picked& table) {
  return table.relation != nullptr && table.relation->children.empty() &&
         own_name(node, table) == "tableoid";
}

bool is_written_out(const Node& node, const Picked& table) {
  constexpr std::string_view kTypes[] = {"smallint",
                                         "integer",
                                         "bigint",
                                         "numeric",
                                         "boolean",
                                         "date",
                                         "uuid",
                                         "real",
                                         "double precision",
                                         "timestamp with time zone",
                                         "timestamp without time zone"};
  const auto cast = field(node, "TypeCast");
  const auto type = cast ? field(*cast, "typeName") : std::nullopt;
  const auto value = cast ? field(*cast, "arg") : std::nullopt;
  const catalog::Column* column = value ? column_of(*value, table) : nullptr;
  if (column == nullptr || !column->not_null || !type) return false;
  const std::string_view name = name_in(*type, "names").name;
  return (name == "text" || name == "varchar") &&
         std::find(std::begin(kTypes), std::end(kTypes), column->type_name) != std::end(kTypes);
}

bool never_null(const Node& node, const Picked& table) {
  if (const catalog::Column* column = column_of(node, table)) return column->not_null;
  if (is_whole_row(node, table)) {
    const auto& columns = table.relation->columns;
    return std::any_of(columns.begin(), columns.end(),
                       [](const catalog::Column& column) { return column.not_null; });
  }
  if (const auto constant = field(node, "A_Const")) return !bool_field(*constant, "isnull");
  if (const auto cast = field(node, "TypeCast")) {
    const auto value = field(*cast, "arg");
    return value && never_null(*value, table);
  }
  if (is_strict(node, table)) return true;
  const std::string_view name = own_name(node, table);
  return std::find(kSystemColumns.begin(), kSystemColumns.end(), name) != kSystemColumns.end();
}

bool always_filled(const Node& node, const Picked& table) {
  if (!is_whole_row(node, table)) return never_null(node, table);
  const auto& columns = table.relation->columns;
  return std::all_of(columns.begin(), columns.end(),
                     [](const catalog::Column& column) { return column.not_null; });
}

PlainValue plain_value(const Node& node, const Picked& table) {
  PlainValue plain{.value = node};
  while (true) {
    auto inner = without_cast(plain.value, table);
    if (!inner) inner = without_literal(plain);
    if (!inner) inner = first_of_coalesce(plain.value, table);
    if (!inner) return plain;
    plain.value = *inner;
  }
}

namespace {

bool selects(const Node& query, const Node& columns, const Picked& table,
             std::string_view aggregate, bool any_where) {
  const auto select = field(query, "SelectStmt");
  if (!select || table.relation == nullptr) return false;
  for (const char* part :
       {"whereClause", "groupClause", "havingClause", "withClause", "valuesLists", "larg"}) {
    if (std::string_view(part) == "groupClause" && aggregate.empty()) continue;
    if (std::string_view(part) == "whereClause" && any_where) continue;
    if (field(*select, part)) return false;
  }
  if (limits_rows(*select)) return false;
  const auto wanted = own_names(columns, table);
  size_t targets = 0, tables = 0;
  bool same = !wanted.empty();
  for_each(*select, "targetList", [&](const Node& wrapper) {
    const auto target = field(wrapper, "ResTarget");
    auto value = target ? field(*target, "val") : std::nullopt;
    if (value && !aggregate.empty()) value = only_argument(*value, aggregate);
    const auto parts = value ? parts_of(*value) : std::vector<std::string_view>();
    same = same && targets < wanted.size() && !parts.empty() && parts.back() == wanted[targets];
    ++targets;
  });
  for_each(*select, "fromClause", [&](const Node& wrapper) {
    const auto range = field(wrapper, "RangeVar");
    same = same && ++tables == 1 && range && !name_of_all(*range, table).empty();
  });
  return same && targets == wanted.size() && tables == 1;
}

}  // namespace

bool selects_all(const Node& query, const Node& columns, const Picked& table,
                 std::string_view aggregate) {
  return selects(query, columns, table, aggregate, false);
}

bool selects_each(const Node& query, const Node& columns, const Picked& table) {
  return selects(query, columns, table, {}, true);
}

bool is_empty_text(const Node& node) {
  const auto constant = field(node, "A_Const");
  const auto text = constant ? field(*constant, "sval") : std::nullopt;
  return text && text_field(*text, "sval").empty();
}

std::string_view operator_name(const Node& expression) {
  const Name name = name_in(expression, "name");
  return name.schema.empty() || name.schema == "pg_catalog" ? name.name : std::string_view();
}

bool whole_number(const Node& node, int64_t& out) {
  const auto constant = field(node, "A_Const");
  const auto value = constant ? field(*constant, "ival") : std::nullopt;
  if (!value) return false;
  const auto found = field(*value, "ival");
  out = 0;
  return !found || found->get(out) == simdjson::SUCCESS;
}

}  // namespace sluice::sql
