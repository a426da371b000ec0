#include "sql/picked.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "sql/condition_forms.h"
#include "sql/names.h"

namespace sluice::sql {

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

bool is_row_as_json(const Node& node, const Picked& table) {
  constexpr std::string_view kFunctions[] = {"to_jsonb", "to_json", "row_to_json", "hstore"};
  const auto call = field(node, "FuncCall");
  if (!call || std::find(std::begin(kFunctions), std::end(kFunctions),
                         name_in(*call, "funcname").name) == std::end(kFunctions))
    return false;
  bool found = false;
  for_each(*call, "args", [&](const Node& item) { found = found || is_whole_row(item, table); });
  return found;
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

namespace {

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

enum class Operand : uint8_t { kOther, kNeutral, kLiteral, kMayChange };

/// What the other side of an operator does to a value.
Operand operand(std::string_view operation, const Node& other, bool is_right) {
  const auto constant = field(other, "A_Const");
  if (!constant) return Operand::kOther;
  const bool shifts = operation == "<<" || operation == ">>";
  // What they do to one number they need not do to another.
  const bool sometimes = operation == "&" || operation == "|" || (shifts && is_right) ||
                         (operation == "^" && is_right);
  const bool adds = operation == "+" || operation == "#" || (operation == "-" && is_right);
  const bool scales = operation == "*" || (operation == "/" && is_right) || operation == "^";
  if (operation == "||" && field(*constant, "sval"))
    return is_empty_text(other) ? Operand::kNeutral : Operand::kLiteral;
  const auto number = adds || scales || sometimes ? number_in(*constant) : std::nullopt;
  if (!number) return Operand::kOther;
  // -1, which leaves each bit, is written as 0 in the tree.
  if (*number == (scales ? 1 : 0)) return Operand::kNeutral;
  return sometimes ? Operand::kMayChange : Operand::kLiteral;
}

std::optional<Node> without_cast(const Node& node, const Picked& table) {
  const auto cast = field(node, "TypeCast");
  const auto type = cast ? field(*cast, "typeName") : std::nullopt;
  const auto value = cast ? field(*cast, "arg") : std::nullopt;
  if (!type || !value || field(*type, "typmods") || field(*type, "arrayBounds"))
    return std::nullopt;
  const std::string_view name = name_in(*type, "names").name;
  const catalog::Column* column = column_of(*value, table);
  if (column != nullptr) return holds_each(name, *column) ? value : std::nullopt;
  // x::text::int of a whole number: there and back.
  const auto before = field(*value, "TypeCast");
  const auto text = before ? field(*before, "typeName") : std::nullopt;
  const auto first = before ? field(*before, "arg") : std::nullopt;
  if (!text || !first || field(*text, "typmods") || name_in(*text, "names").name != "text")
    return std::nullopt;
  column = column_of(*first, table);
  return column != nullptr && holds_each(name, *column) ? first : std::nullopt;
}

/// x of - - x and ~ ~ x, which are x again, and of + x.
std::optional<Node> without_signs(const Node& node) {
  const auto sign = [](const Node& signed_node) {
    const auto expression = field(signed_node, "A_Expr");
    return expression && !field(*expression, "lexpr") ? operator_name(*expression)
                                                      : std::string_view();
  };
  const std::string_view outer = sign(node);
  if (outer != "+" && outer != "-" && outer != "~") return std::nullopt;
  const auto inner = field(*field(node, "A_Expr"), "rexpr");
  if (!inner || outer == "+") return inner;
  return sign(*inner) == outer ? field(*field(*inner, "A_Expr"), "rexpr") : std::nullopt;
}

/// x of greatest(x) and least(x, x).
std::optional<Node> only_choice(const Node& node) {
  const auto choice = field(node, "MinMaxExpr");
  std::optional<Node> first;
  bool alike = true, ignored = false;
  if (choice) {
    for_each(*choice, "args", [&](const Node& argument) {
      if (!first) first = argument;
      alike = alike && same(*first, argument, ignored);
    });
  }
  return alike ? first : std::nullopt;
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
    plain.kept_literals = plain.kept_literals || other == Operand::kMayChange;
    if (other == Operand::kOther || other == Operand::kMayChange) continue;
    plain.by_literals = true;
    plain.unchanged = plain.unchanged && other == Operand::kNeutral;
    return is_right ? left : right;
  }
  return std::nullopt;
}

/// x of x COLLATE "C", and of round(x) and its like where x is a whole number.
std::optional<Node> without_wrapping(const Node& node, const Picked& table) {
  if (const auto collated = field(node, "CollateClause")) return field(*collated, "arg");
  for (const char* function : {"round", "trunc", "floor", "ceil", "ceiling"}) {
    const auto value = only_argument(node, function);
    const catalog::Column* column = value ? column_of(*value, table) : nullptr;
    if (column != nullptr && (column->type_name == "smallint" || column->type_name == "integer" ||
                              column->type_name == "bigint"))
      return value;
  }
  return std::nullopt;
}

std::optional<Node> first_of_coalesce(const Node& node, const Picked& table) {
  const auto coalesce = field(node, "CoalesceExpr");
  std::optional<Node> first;
  if (coalesce)
    for_each(*coalesce, "args", [&](const Node& argument) { first = first ? first : argument; });
  return first && never_null(*first, table) ? first : std::nullopt;
}

}  // namespace

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
  if (!value || !type) return false;
  const catalog::Column* column = column_of(*value, table);
  const std::string_view name = name_in(*type, "names").name;
  if (is_whole_row(*value, table) || is_row_as_json(*value, table) ||
      own_name(*value, table) == "ctid")
    return name == "text" || name == "varchar";
  if (column == nullptr || !column->not_null) return false;
  return (name == "text" || name == "varchar") &&
         std::find(std::begin(kTypes), std::end(kTypes), column->type_name) != std::end(kTypes);
}

int64_t longest_written(const Node& node, const Picked& table) {
  constexpr std::pair<std::string_view, int64_t> kLongest[] = {
      {"smallint", 6}, {"integer", 11}, {"bigint", 20}, {"boolean", 5}, {"uuid", 36}};
  const auto cast = field(node, "TypeCast");
  const auto value = cast ? field(*cast, "arg") : std::nullopt;
  const catalog::Column* column = value ? column_of(*value, table) : nullptr;
  if (column == nullptr) return 0;
  for (const auto& [type, most] : kLongest)
    if (column->type_name == type) return most;
  return 0;
}

PlainValue plain_value(const Node& node, const Picked& table) {
  PlainValue plain{.value = node};
  while (true) {
    auto inner = without_cast(plain.value, table);
    if (!inner) inner = without_literal(plain);
    if (!inner) inner = without_signs(plain.value);
    if (!inner) inner = only_choice(plain.value);
    if (!inner) inner = first_of_coalesce(plain.value, table);
    if (!inner) inner = without_wrapping(plain.value, table);
    if (!inner) return plain;
    plain.value = *inner;
  }
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
