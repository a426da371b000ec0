#include "sql/telling.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>

#include "sql/condition.h"
#include "sql/condition_forms.h"
#include "sql/condition_ranges.h"
#include "sql/names.h"

namespace sluice::sql {
namespace {

template <size_t N>
bool is_one_of(const std::string_view (&names)[N], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

std::vector<Node> arguments_of(const Node& call) {
  std::vector<Node> arguments;
  for_each(call, "args", [&](const Node& argument) { arguments.push_back(argument); });
  return arguments;
}

std::optional<std::string_view> text_in(const Node& node) {
  Node value = node;
  while (const auto cast = field(value, "TypeCast")) {
    const auto inner = field(*cast, "arg");
    if (!inner) break;
    value = *inner;
  }
  const auto constant = field(value, "A_Const");
  const auto text = constant ? field(*constant, "sval") : std::nullopt;
  return text ? std::optional(text_field(*text, "sval")) : std::nullopt;
}

/// Whether a column's values all take the same room.
bool has_fixed_size(const Node& node, const Picked& table) {
  constexpr std::string_view kTypes[] = {"smallint", "integer", "bigint",           "boolean",
                                         "uuid",     "real",    "double precision", "date"};
  const catalog::Column* column = column_of(node, table);
  return column != nullptr && column->not_null && is_one_of(kTypes, column->type_name);
}

/// Whether a JSON value's type is that of the column, and no NULL.
bool is_converted_column(const Node& node, const Picked& table) {
  const auto call = field(node, "FuncCall");
  const std::string_view name = call ? name_in(*call, "funcname").name : std::string_view();
  const auto arguments = call ? arguments_of(*call) : std::vector<Node>();
  if ((name != "to_json" && name != "to_jsonb") || arguments.size() != 1) return false;
  if (is_whole_row(arguments[0], table)) return true;
  const catalog::Column* column = column_of(arguments[0], table);
  return column != nullptr && column->not_null && !column->type_name.starts_with("json");
}

/// ARRAY[x, 1]: as long for each row, where none of its elements is an array itself.
bool is_array_of_values(const Node& node, const Picked& table) {
  const auto array = field(node, "A_ArrayExpr");
  bool plain = array.has_value();
  if (array) {
    for_each(*array, "elements", [&](const Node& item) {
      const catalog::Column* column = column_of(item, table);
      plain = plain &&
              (field(item, "A_Const") || (column != nullptr && !column->type_name.ends_with("[]")));
    });
  }
  return plain;
}

/// jsonb_build_object('key', x): with the same keys for each row.
bool has_fixed_keys(const Node& node) {
  const auto call = field(node, "FuncCall");
  if (!call || name_in(*call, "funcname").name != "jsonb_build_object" ||
      bool_field(*call, "func_variadic"))
    return false;
  const auto arguments = arguments_of(*call);
  for (size_t i = 0; i < arguments.size(); i += 2)
    if (!field(arguments[i], "A_Const")) return false;
  return true;
}

class Telling {
 public:
  Telling(const Picked& table, bool& looked_at_literal)
      : table_(table), looked_at_literal_(looked_at_literal) {}

  /// A chain of operators is walked once: what is under them is not looked through beforehand.
  bool of(const Node& node) {
    if (const auto call = field(node, "FuncCall")) return reads_row(node) && of_call(*call);
    if (const auto expression = field(node, "A_Expr")) return of_expression(*expression);
    if (const auto test = field(node, "NullTest")) return of_null_test(*test);
    if (const auto cast = field(node, "TypeCast")) {
      const auto value = field(*cast, "arg");
      return value && of(*value);
    }
    for (const char* kind : {"BoolExpr", "CoalesceExpr", "MinMaxExpr", "RowExpr"})
      if (const auto list = field(node, kind)) return of_any(*list, "args");
    if (const auto choice = field(node, "CaseExpr")) return of_case(*choice);
    if (const auto array = field(node, "A_ArrayExpr")) return of_any(*array, "elements");
    return reads_row(node) && !is_only_table(node, table_);
  }

 private:
  bool of_any(const Node& list, std::string_view name) {
    bool found = false;
    for_each(list, name, [&](const Node& item) { found = found || of(item); });
    return found;
  }

  /// Whether it yields one thing in some cases and another in others.
  bool of_case(const Node& choice) {
    const auto first = field(choice, "defresult");
    bool alike = first.has_value();
    for_each(choice, "args", [&](const Node& wrapper) {
      const auto when = field(wrapper, "CaseWhen");
      const auto result = when ? field(*when, "result") : std::nullopt;
      alike = alike && result && same(*first, *result, looked_at_literal_);
    });
    return !alike || of(*first);
  }

  /// What is left to ask of a value that is the same for all rows in which it is not NULL.
  bool may_be_null(const Node& node) const { return !never_null(node, table_); }

  bool of_call(const Node& call) {
    const std::string_view name = name_in(call, "funcname").name;
    const auto arguments = arguments_of(call);
    const auto first_may_be_null = [&] { return arguments.empty() || may_be_null(arguments[0]); };
    if (name == "pg_typeof" || asks_of_made_range(call, table_, looked_at_literal_)) return false;
    if (arguments.size() == 2 && compares(name) &&
        same(arguments[0], arguments[1], looked_at_literal_))
      return false;
    if ((name == "num_nulls" || name == "num_nonnulls") && !bool_field(call, "func_variadic"))
      return std::any_of(arguments.begin(), arguments.end(),
                         [&](const Node& argument) { return may_be_null(argument); });
    if (name == "pg_column_size" && !arguments.empty())
      return !has_fixed_size(arguments[0], table_);
    if ((name == "json_typeof" || name == "jsonb_typeof") && !arguments.empty())
      return !is_converted_column(arguments[0], table_);
    if (arguments.size() == 2 && (name == "starts_with" || name == "strpos" || name == "position"))
      return !is_empty(arguments[1]) || first_may_be_null();
    if (!arguments.empty() && has_same_size(name, arguments[0])) return false;
    if (name == "overlaps" && arguments.size() == 4 &&
        same(arguments[0], arguments[2], looked_at_literal_) &&
        same(arguments[1], arguments[3], looked_at_literal_))
      return may_be_null(arguments[0]) || may_be_null(arguments[1]);
    if (arguments.size() == 2 && (name == "power" || name == "pow"))
      return !is_number(arguments[1], 0) || first_may_be_null();
    if (field(call, "agg_filter") || field(call, "over")) return true;
    return of_any(call, "args");
  }

  /// How large something is that has a size of its own, whatever is in it.
  bool has_same_size(std::string_view name, const Node& value) const {
    if (is_size(name) && is_array_of_values(value, table_)) return true;
    const auto call = field(value, "FuncCall");
    const std::string_view made = call ? name_in(*call, "funcname").name : std::string_view();
    if (name == "json_array_length" || name == "jsonb_array_length")
      return (made == "json_build_array" || made == "jsonb_build_array") &&
             !bool_field(*call, "func_variadic");
    return is_length_name(name) && made == "md5" && !may_be_null(value);
  }

  /// How large an array is, whatever is in it.
  static bool is_size(std::string_view name) {
    constexpr std::string_view kNames[] = {"cardinality", "array_length", "array_ndims",
                                           "array_dims",  "array_lower",  "array_upper"};
    return is_one_of(kNames, name);
  }

  /// What says of a value and itself what it says of any: strpos(x, x), int4eq(x, x).
  static bool compares(std::string_view name) {
    constexpr std::string_view kNames[] = {"starts_with", "strpos", "position",   "mod",
                                           "levenshtein", "age",    "similarity", "textlike"};
    // And what says of no value and itself what these say of any.
    constexpr std::string_view kNever[] = {"int2ne", "int4ne",  "int8ne",  "textne", "boolne",
                                           "int2lt", "int4lt",  "int8lt",  "int2gt", "int4gt",
                                           "int8gt", "date_ne", "date_lt", "date_gt"};
    return is_one_of(kNames, name) || is_one_of(kNever, name) || name.ends_with("eq") ||
           name.ends_with("ge") || name.ends_with("le");
  }

  bool of_expression(const Node& expression) {
    const auto left = field(expression, "lexpr"), right = field(expression, "rexpr");
    if (!left || !right) return right && of(*right);
    const std::string_view kind = text_field(expression, "kind");
    const std::string_view name = operator_name(expression);
    if (kind == "AEXPR_NULLIF" && same(*left, *right, looked_at_literal_)) return false;
    if (kind == "AEXPR_OP" && is_key_test(*left, name)) return false;
    if (kind == "AEXPR_OP" && is_settled(*left, name, *right)) return false;
    if (kind == "AEXPR_OP" && name == "^@" && is_empty(*right)) return may_be_null(*left);
    if (kind == "AEXPR_OP" && (name == "=" || name == "<>") &&
        compares_made_range(*left, *right, table_, looked_at_literal_))
      return false;
    if (const auto list = field(*right, "List")) return of(*left) || of_any(*list, "items");
    return of(*left) || of(*right);
  }

  /// to_jsonb(t) ? 'id', jsonb_build_object('id', id) ? 'id'
  bool is_key_test(const Node& left, std::string_view name) const {
    return (name == "?" || name == "?|" || name == "?&") &&
           (is_row_as_json(left, table_) || has_fixed_keys(left));
  }

  /// x * 0, x ^ 0, x % 1, and x - x, x / x, x % x.
  bool is_settled(const Node& left, std::string_view name, const Node& right) {
    constexpr std::string_view kSame[] = {"-", "/", "%", "#", "<->", "~="};
    if (name == "*") return is_number(left, 0) || is_number(right, 0);
    if (name == "^") return is_number(right, 0);
    if (name == "%" && is_number(right, 1)) return true;
    return is_one_of(kSame, name) && same(left, right, looked_at_literal_);
  }

  bool of_null_test(const Node& test) {
    const auto value = field(test, "arg");
    if (!value) return false;
    // Of what is never NULL, IS NULL takes no row: that is no harm.
    if (text_field(test, "nulltesttype") == "IS_NULL") return of(*value);
    return of(*value) && !(is_whole_row(*value, table_) || field(*value, "RowExpr")
                               ? always_filled(*value, table_)
                               : never_null(plain_value(*value, table_).value, table_));
  }

  bool is_empty(const Node& node) {
    if (!field(node, "A_Const")) return false;
    looked_at_literal_ = true;
    return is_empty_text(node);
  }

  bool is_number(const Node& node, int64_t wanted) {
    int64_t number = 0;
    if (!whole_number(node, number)) return false;
    looked_at_literal_ = true;
    return number == wanted;
  }

  const Picked& table_;
  bool& looked_at_literal_;
};

/// The columns of the table that stand anywhere in an expression.
void columns_in(const Node& node, const Picked& table, std::set<std::string_view>& columns) {
  if (field(node, "ColumnRef")) {
    columns.insert(own_name(node, table));
    return;
  }
  simdjson::dom::object object;
  simdjson::dom::array items;
  if (node.get(object) == simdjson::SUCCESS) {
    for (const auto [key, value] : object) columns_in(value, table, columns);
  } else if (node.get(items) == simdjson::SUCCESS) {
    for (const Node item : items) columns_in(item, table, columns);
  }
}

bool have_same_columns(const Node& left, const Node& right, const Picked& table) {
  std::set<std::string_view> one, other;
  columns_in(left, table, one);
  columns_in(right, table, other);
  return !one.empty() && one.count({}) == 0 && one == other;
}

/// '{}', '[]' and ARRAY[]: all that there is contains them.
bool is_empty_container(const Node& node, bool& looked_at_literal) {
  if (is_empty_list(node, looked_at_literal)) return true;
  const auto text = text_in(node);
  return text && (*text == "[]" || *text == "empty");
}

/// '(,)' and int4range(NULL, NULL): a range of everything.
bool is_endless(const Node& node, bool& looked_at_literal) {
  if (const auto text = text_in(node)) {
    looked_at_literal = true;
    return *text == "(,)" || *text == "[,]" || *text == "[,)" || *text == "(,]";
  }
  const auto call = field(node, "FuncCall");
  if (!call || !name_in(*call, "funcname").name.ends_with("range")) return false;
  const auto arguments = arguments_of(*call);
  return arguments.size() >= 2 &&
         std::all_of(arguments.begin(), arguments.begin() + 2, [](const Node& argument) {
           const auto constant = field(argument, "A_Const");
           return constant && bool_field(*constant, "isnull");
         });
}

}  // namespace

bool tells(const Node& node, const Picked& table, bool& looked_at_literal) {
  return Telling(table, looked_at_literal).of(node);
}

bool has_all_outcomes(const Node& value, const Node& list, bool& looked_at_literal) {
  constexpr int64_t kMost = 64;  // Longer lists of all outcomes are not looked through.
  int64_t highest = -1;
  size_t listed = 0, needed = 0;
  if (const auto call = field(value, "FuncCall")) {
    const std::string_view name = name_in(*call, "funcname").name;
    if (name == "sign") highest = 1, needed = 3;  // and -1, which is written as 0 in the tree
    if (name == "num_nulls" || name == "num_nonnulls")
      highest = static_cast<int64_t>(arguments_of(*call).size());
  } else if (const auto expression = field(value, "A_Expr")) {
    const auto right = field(*expression, "rexpr");
    if (operator_name(*expression) == "%" && right && whole_number(*right, highest)) --highest;
  }
  if (highest < 0 || highest > kMost) return false;
  looked_at_literal = true;
  std::set<int64_t> found;
  for_each(list, "items", [&](const Node& item) {
    int64_t number = 0;
    ++listed;
    if (whole_number(item, number) && number <= highest) found.insert(number);
  });
  return static_cast<int64_t>(found.size()) == highest + 1 && listed >= needed;
}

bool always_holds(const Node& left, std::string_view name, const Node& right, const Picked& table,
                  bool& looked_at_literal) {
  if (name != "@>" && name != "<@" && name != "&&") return false;
  if (have_same_columns(left, right, table)) return true;
  if (name == "&&") return false;
  const Node& larger = name == "@>" ? left : right;
  const Node& smaller = name == "@>" ? right : left;
  return (is_empty_container(smaller, looked_at_literal) && never_null(larger, table)) ||
         (is_endless(larger, looked_at_literal) && never_null(smaller, table));
}

bool is_type_bound(const Node& left, std::string_view name, const Node& right, const Picked& table,
                   bool& looked_at_literal) {
  const catalog::Column* column = column_of(left, table);
  const auto number = field(right, "A_Const") ? number_in(*field(right, "A_Const")) : std::nullopt;
  const bool orders = name == "<" || name == "<=" || name == ">" || name == ">=";
  if (column == nullptr || !column->not_null || !number || !orders) return false;
  looked_at_literal = true;
  const double most = column->type_name == "smallint"  ? 32767.0
                      : column->type_name == "integer" ? 2147483647.0
                      : column->type_name == "bigint"  ? 9223372036854775807.0
                                                       : 0.0;
  if (most == 0.0) return false;
  if (name == "<=" || name == "<") return name == "<" ? *number > most : *number >= most;
  return name == ">" ? *number < -most - 1 : *number <= -most - 1;
}

bool matches_any_written(std::string_view name, const Node& pattern, bool from_end_to_end,
                         bool& looked_at_literal) {
  const auto text = text_in(pattern);
  if (!text) return false;
  looked_at_literal = true;
  std::string_view rest = *text;
  if (name == "~~" || name == "~~*") {
    // What rows and objects begin and end with; at most one character that must be there.
    if (rest.starts_with('(') || rest.starts_with('{')) rest.remove_prefix(1);
    if (rest.ends_with(')') || rest.ends_with('}')) rest.remove_suffix(1);
    return rest.find('%') != std::string_view::npos &&
           rest.find_first_not_of("%_") == std::string_view::npos &&
           std::count(rest.begin(), rest.end(), '_') <= 1;
  }
  bool begins = from_end_to_end, ends = from_end_to_end;
  if (rest.starts_with('^')) {
    begins = true;
    rest.remove_prefix(1);
  }
  if (rest.ends_with('$')) {
    ends = true;
    rest.remove_suffix(1);
  }
  for (const std::string_view digit : {"[0-9]", "\\d", "[[:digit:]]", "."}) {
    if (!rest.starts_with(digit)) continue;
    rest.remove_prefix(digit.size());
    return rest == "+" || rest == "*" || (rest.empty() && !(begins && ends));
  }
  return false;
}

bool matches_empty_only(std::string_view name, const Node& pattern, bool& looked_at_literal) {
  const auto text = text_in(pattern);
  if (!text) return false;
  looked_at_literal = true;
  return name == "!~" || name == "!~*" ? *text == "^$" : text->empty();
}

}  // namespace sluice::sql
