// What is NULL in no row, by the table's definition and by what functions make of that.
#include <algorithm>
#include <array>
#include <iterator>

#include "sql/condition.h"
#include "sql/names.h"
#include "sql/picked.h"

namespace sluice::sql {
namespace {

constexpr std::array<std::string_view, 6> kSystemColumns = {"ctid", "xmin",     "xmax",
                                                            "cmin", "tableoid", "cmax"};

template <size_t N>
bool is_one_of(const std::string_view (&names)[N], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

/// Functions of the server's own that are NULL only where an argument is.
bool is_strict_function(std::string_view name) {
  constexpr std::string_view kStrict[] = {
      "abs",          "ascii",          "bit_length", "btrim",
      "ceil",         "char_length",    "date_part",  "floor",
      "format",       "quote_literal",  "initcap",    "length",
      "lower",        "lpad",           "ltrim",      "md5",
      "mod",          "power",          "repeat",     "round",
      "octet_length", "pg_column_size", "reverse",    "rpad",
      "rtrim",        "sha256",         "sign",       "strpos",
      "to_hex",       "to_json",        "to_jsonb",   "trim",
      "trunc",        "upper",          "date_trunc", "row_to_json",
      "position",     "substr",         "left",       "right",
      "replace",      "translate",      "split_part", "regexp_replace",
      "regexp_count", "regexp_like"};
  return is_one_of(kStrict, name) || (name.starts_with("hash") && name != "hash");
}

/// Those that are NULL never.
bool is_never_null(std::string_view name) {
  constexpr std::string_view kNever[] = {"concat",        "num_nonnulls",       "num_nulls",
                                         "pg_typeof",     "jsonb_build_object", "json_build_object",
                                         "quote_nullable"};
  return is_one_of(kNever, name);
}

/// Whether it is NULL only where one of what it is made of is, and none of that ever is.
bool is_strict(const Node& node, const Picked& table) {
  constexpr std::string_view kOperators[] = {"=", "<>", "<", ">", "<=", ">=", "+",
                                             "-", "*",  "|", "&", "#",  "||"};
  bool filled = true;
  const auto ask = [&](const Node& part) { filled = filled && never_null(part, table); };
  if (const auto expression = field(node, "A_Expr")) {
    if (text_field(*expression, "kind") != "AEXPR_OP" ||
        !is_one_of(kOperators, operator_name(*expression)))
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
  if (!call || !is_strict_function(name_in(*call, "funcname").name)) return false;
  for_each(*call, "args", ask);
  return filled;
}

/// coalesce and greatest of anything that never is.
bool has_filled_part(const Node& node, const Picked& table) {
  bool filled = false;
  for (const char* kind : {"CoalesceExpr", "MinMaxExpr"}) {
    if (const auto parts = field(node, kind))
      for_each(*parts, "args",
               [&](const Node& part) { filled = filled || never_null(part, table); });
  }
  return filled;
}

/// to_jsonb(t) -> 'column' and to_jsonb(t) ->> 'column'
const catalog::Column* column_by_key(const Node& node, const Picked& table) {
  const auto expression = field(node, "A_Expr");
  const std::string_view name = expression ? operator_name(*expression) : std::string_view();
  if ((name != "->" && name != "->>") || table.relation == nullptr) return nullptr;
  const auto left = field(*expression, "lexpr"), right = field(*expression, "rexpr");
  std::string_view key;
  if (!left || !right || !is_row_as_json(*left, table) || !string_literal(*right, key))
    return nullptr;
  table.look_at_literal();
  return table.relation->column(key);
}

}  // namespace

bool never_null(const Node& node, const Picked& table) {
  if (const catalog::Column* column = column_of(node, table)) return column->not_null;
  if (is_whole_row(node, table)) {
    const auto& columns = table.relation->columns;
    return std::any_of(columns.begin(), columns.end(),
                       [](const catalog::Column& column) { return column.not_null; });
  }
  if (const auto constant = field(node, "A_Const")) return !bool_field(*constant, "isnull");
  if (!reads_row(node)) return true;  // Of no row, then: if it is NULL, so is it for all of them.
  if (const auto cast = field(node, "TypeCast")) {
    const auto value = field(*cast, "arg");
    return value && never_null(*value, table);
  }
  if (field(node, "A_ArrayExpr") || field(node, "NullTest") || field(node, "BooleanTest"))
    return true;
  const auto call = field(node, "FuncCall");
  if (call && is_never_null(name_in(*call, "funcname").name)) return true;
  if (const catalog::Column* column = column_by_key(node, table)) return column->not_null;
  if (is_row_as_json(node, table) || is_strict(node, table) || has_filled_part(node, table))
    return true;
  const std::string_view name = own_name(node, table);
  return std::find(kSystemColumns.begin(), kSystemColumns.end(), name) != kSystemColumns.end();
}

bool always_filled(const Node& node, const Picked& table) {
  if (const auto row = field(node, "RowExpr")) {
    bool filled = true;
    for_each(*row, "args",
             [&](const Node& part) { filled = filled && always_filled(part, table); });
    return filled;
  }
  if (!is_whole_row(node, table)) return never_null(node, table);
  const auto& columns = table.relation->columns;
  return std::all_of(columns.begin(), columns.end(),
                     [](const catalog::Column& column) { return column.not_null; });
}

}  // namespace sluice::sql
