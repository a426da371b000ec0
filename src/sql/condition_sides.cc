#include "sql/condition_sides.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sql/condition.h"
#include "sql/condition_forms.h"
#include "sql/names.h"

namespace sluice::sql {
namespace {

constexpr int kDeepest = 64;

std::vector<Node> list_in(const Node& node, std::string_view name) {
  std::vector<Node> items;
  for_each(node, name, [&](const Node& item) { items.push_back(item); });
  return items;
}

template <size_t N>
bool is_one_of(const std::string_view (&names)[N], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

/// How often each column counts in a sum; its constants are under names that no column has.
constexpr std::string_view kNumbers = "", kOthers = "\n";
using Sum = std::map<std::string_view, double>;

class Summing {
 public:
  explicit Summing(const Picked& table) : table_(table) {}

  bool looked_at_literal() const { return looked_at_literal_ || scaled_; }
  /// By other factors it might have been a sum.
  bool scaled() const { return scaled_; }

  std::optional<Sum> of(const Node& node, int depth = 0) {
    if (depth > kDeepest) return std::nullopt;
    if (!reads_row(node)) {
      const auto constant = field(node, "A_Const");
      const auto number = constant ? number_in(*constant) : std::nullopt;
      looked_at_literal_ = looked_at_literal_ || constant;
      return without_zeros({{number ? kNumbers : kOthers, number.value_or(1)}});
    }
    if (const catalog::Column* column = column_of(node, table_)) return Sum{{column->name, 1}};
    const auto expression = field(node, "A_Expr");
    if (!expression || text_field(*expression, "kind") != "AEXPR_OP") {
      const PlainValue plain = plain_value(node, table_);
      const catalog::Column* column = column_of(plain.value, table_);
      return column != nullptr && plain.unchanged ? std::optional(Sum{{column->name, 1}})
                                                  : std::nullopt;
    }
    const std::string_view name = operator_name(*expression);
    const auto left = field(*expression, "lexpr"), right = field(*expression, "rexpr");
    if (!right || (!left && name != "+" && name != "-")) return std::nullopt;
    if (name == "*" || name == "/") return scaled(*left, name, *right, depth);
    if (name != "+" && name != "-") return std::nullopt;
    auto sum = left ? of(*left, depth + 1) : std::optional(Sum());
    const auto other = sum ? of(*right, depth + 1) : std::nullopt;
    if (!other) return std::nullopt;
    for (const auto& [column, times] : *other) (*sum)[column] += name == "-" ? -times : times;
    return without_zeros(std::move(*sum));
  }

 private:
  static Sum without_zeros(Sum sum) {
    std::erase_if(sum, [](const auto& one) { return one.second == 0; });
    return sum;
  }

  std::optional<Sum> scaled(const Node& left, std::string_view name, const Node& right, int depth) {
    const bool turned = name == "*" && field(left, "A_Const");
    int64_t factor = 0;
    if (!whole_number(turned ? left : right, factor)) return std::nullopt;
    scaled_ = true;
    if (factor == 0) return std::nullopt;
    auto sum = of(turned ? right : left, depth + 1);
    if (!sum) return std::nullopt;
    const auto by = static_cast<double>(factor);
    for (auto& [column, times] : *sum) {
      // x / 2 * 2 = x is true of even numbers only.
      if (name == "/" && std::fmod(times, by) != 0) return std::nullopt;
      times = name == "/" ? times / by : times * by;
    }
    return sum;
  }

  const Picked& table_;
  bool looked_at_literal_ = false, scaled_ = false;
};

/// The column that `to_jsonb(t) ->> 'x'` takes out of the row.
std::string_view taken_from_json(const Node& expression, const Picked& table) {
  const std::string_view name = operator_name(expression);
  const auto left = field(expression, "lexpr"), right = field(expression, "rexpr");
  if ((name != "->>" && name != "->") || !left || !right || !is_row_as_json(*left, table))
    return {};
  const auto constant = field(*right, "A_Const");
  const auto text = constant ? field(*constant, "sval") : std::nullopt;
  return text ? text_field(*text, "sval") : std::string_view();
}

/// Whether anything in a query keeps rows back, or reads a table.
bool reads_table_or_limits(const Node& node) {
  constexpr std::string_view kParts[] = {"RangeVar",   "whereClause", "havingClause", "limitCount",
                                         "agg_filter", "limitOffset", "quals"};
  simdjson::dom::object object;
  simdjson::dom::array items;
  if (node.get(items) == simdjson::SUCCESS)
    return std::any_of(items.begin(), items.end(),
                       [](const Node item) { return reads_table_or_limits(item); });
  if (node.get(object) != simdjson::SUCCESS) return false;
  return std::any_of(object.begin(), object.end(), [&](const auto& part) {
    return is_one_of(kParts, part.key) || reads_table_or_limits(part.value);
  });
}

/// The columns of the table that a query names; "" for what may be anything.
void columns_in(const Node& node, const Picked& table, std::set<std::string_view>& columns) {
  if (field(node, "ColumnRef")) {
    const catalog::Column* column = column_of(node, table);
    if (column != nullptr) columns.insert(column->name);
    if (is_whole_row(node, table)) columns.insert({});
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

/// What one column has become on a way that leads back to it.
class Way {
 public:
  Way(const Picked& table, std::string_view column, bool& looked_at_literal)
      : table_(table), column_(column), looked_at_literal_(looked_at_literal) {}

  /// Whether it is the column, or made of it alone.
  bool leads_back(const Node& node, int depth = 0) const {
    if (depth > kDeepest) return false;
    const PlainValue plain = plain_value(node, table_);
    if (const catalog::Column* column = column_of(plain.value, table_))
      return plain.unchanged && column->name == column_;
    const auto each = [&](const Node& list, std::string_view name) {
      const auto items = list_in(list, name);
      return !items.empty() && std::all_of(items.begin(), items.end(), [&](const Node& item) {
        return !reads_row(item) || leads_back(item, depth + 1);
      });
    };
    if (const auto call = field(node, "FuncCall"))
      return is_one_of(kThereAndBack, name_in(*call, "funcname").name) && each(*call, "args");
    if (const auto cast = field(node, "TypeCast")) {
      // x::date and x::int may be less than x; x::text::date is back.
      const auto value = field(*cast, "arg");
      const auto type = field(*cast, "typeName");
      return value && type && !column_of(*value, table_) && !field(*type, "typmods") &&
             leads_back(*value, depth + 1);
    }
    if (const auto expression = field(node, "A_Expr")) {
      const std::string_view taken = taken_from_json(*expression, table_);
      looked_at_literal_ = looked_at_literal_ || !taken.empty();
      return taken == column_;
    }
    if (const auto array = field(node, "A_ArrayExpr")) return each(*array, "elements");
    if (const auto taken = field(node, "A_Indirection")) {
      const auto from = field(*taken, "arg");
      const auto array = from ? field(*from, "A_ArrayExpr") : std::nullopt;
      return array && each(*array, "elements");
    }
    if (const auto choice = field(node, "CaseExpr")) return every_choice(*choice, depth);
    const auto link = field(node, "SubLink");
    const auto query = link ? field(*link, "subselect") : std::nullopt;
    return query && text_field(*link, "subLinkType") == "EXPR_SUBLINK" && is_of_column(*query);
  }

  /// A query over no table, of this column and no other.
  bool is_of_column(const Node& query) const {
    std::set<std::string_view> columns;
    columns_in(query, table_, columns);
    return !reads_table_or_limits(query) && columns == std::set<std::string_view>{column_};
  }

 private:
  static constexpr std::string_view kThereAndBack[] = {"reverse",
                                                       "encode",
                                                       "decode",
                                                       "convert_from",
                                                       "convert_to",
                                                       "to_char",
                                                       "to_number",
                                                       "to_date",
                                                       "to_timestamp",
                                                       "chr",
                                                       "ascii",
                                                       "concat",
                                                       "concat_ws",
                                                       "format",
                                                       "string_to_array",
                                                       "exp",
                                                       "ln",
                                                       "sqrt",
                                                       "power",
                                                       "array_to_string",
                                                       "date_part",
                                                       "extract",
                                                       "make_date",
                                                       "make_timestamp",
                                                       "make_interval",
                                                       "to_json",
                                                       "to_jsonb",
                                                       "json_build_array",
                                                       "array_to_json",
                                                       "jsonb_build_array",
                                                       "array_append",
                                                       "array_prepend",
                                                       "array_remove",
                                                       "replace",
                                                       "regexp_replace",
                                                       "timezone",
                                                       "to_hex",
                                                       "unnest"};

  bool every_choice(const Node& choice, int depth) const {
    const auto other = field(choice, "defresult");
    bool every = other && leads_back(*other, depth + 1);
    for (const Node& wrapper : list_in(choice, "args")) {
      const auto when = field(wrapper, "CaseWhen");
      const auto result = when ? field(*when, "result") : std::nullopt;
      every = every && result && leads_back(*result, depth + 1);
    }
    return every;
  }

  const Picked& table_;
  std::string_view column_;
  bool& looked_at_literal_;
};

/// Between which whole numbers a value lies, if it is not NULL.
std::optional<std::pair<int64_t, int64_t>> range_of(const Node& value, const Picked& table) {
  struct Part {
    std::string_view name;
    int64_t lowest, highest;
  };
  constexpr Part kParts[] = {
      {"month", 1, 12}, {"day", 1, 31},  {"hour", 0, 23}, {"minute", 0, 59}, {"dow", 0, 6},
      {"isodow", 1, 7}, {"doy", 1, 366}, {"week", 1, 53}, {"quarter", 1, 4}, {"second", 0, 60}};
  if (const auto expression = field(value, "A_Expr")) {
    const auto right = field(*expression, "rexpr");
    int64_t by = 0;
    if (operator_name(*expression) != "%" || !right || !whole_number(*right, by) || by < 1)
      return std::nullopt;
    return std::pair{1 - by, by - 1};
  }
  const auto call = field(value, "FuncCall");
  if (!call) return std::nullopt;
  const std::string_view name = name_in(*call, "funcname").name;
  const auto arguments = list_in(*call, "args");
  if (name == "sign") return std::pair<int64_t, int64_t>{-1, 1};
  if ((name == "num_nonnulls" || name == "num_nulls") && !bool_field(*call, "func_variadic")) {
    const auto all = static_cast<int64_t>(arguments.size());
    const int64_t filled =
        std::count_if(arguments.begin(), arguments.end(),
                      [&](const Node& argument) { return never_null(argument, table); });
    return name == "num_nulls" ? std::pair<int64_t, int64_t>{0, all - filled}
                               : std::pair<int64_t, int64_t>{filled, all};
  }
  if ((name != "extract" && name != "date_part") || arguments.size() != 2) return std::nullopt;
  const auto constant = field(arguments[0], "A_Const");
  const auto text = constant ? field(*constant, "sval") : std::nullopt;
  const std::string_view what = text ? text_field(*text, "sval") : std::string_view();
  for (const Part& part : kParts)
    if (part.name == what) return std::pair{part.lowest, part.highest};
  return std::nullopt;
}

}  // namespace

bool sums_alike(const Node& left, std::string_view name, const Node& right, const Picked& table,
                bool& looked_at_literal) {
  Summing summing(table);
  auto one = summing.of(left);
  auto other = one ? summing.of(right) : std::nullopt;
  const bool equals = name == "=";
  const auto take_constants = [](Sum& sum) {
    std::pair<double, double> constants;
    if (const auto node = sum.extract(kNumbers)) constants.first = node.mapped();
    if (const auto node = sum.extract(kOthers)) constants.second = node.mapped();
    return constants;
  };
  if (!one || !other) {
    looked_at_literal = looked_at_literal || summing.scaled();
    return false;
  }
  const bool same_constants = take_constants(*one) == take_constants(*other);
  const bool same_columns =
      std::equal(one->begin(), one->end(), other->begin(), other->end(),
                 [](const auto& a, const auto& b) { return a.first == b.first; });
  if (one->empty() || !same_columns) return false;
  looked_at_literal = looked_at_literal || summing.looked_at_literal();
  // x = x + 1 takes no row.
  return *one == *other && (!equals || same_constants);
}

bool is_there_and_back(const Node& left, const Node& right, const Picked& table,
                       bool& looked_at_literal) {
  for (const auto& [one, other] : {std::pair{left, right}, std::pair{right, left}}) {
    const PlainValue plain = plain_value(one, table);
    const catalog::Column* column = column_of(plain.value, table);
    if (column == nullptr || !plain.unchanged ||
        !Way(table, column->name, looked_at_literal).leads_back(other))
      continue;
    looked_at_literal = true;
    return true;
  }
  return false;
}

bool yields_same_column(const Node& value, const Node& query, const Picked& table) {
  const catalog::Column* column = column_of(value, table);
  bool looked = false;
  return column != nullptr && Way(table, column->name, looked).is_of_column(query);
}

bool is_in_range(const Node& value, std::string_view name, const Node& bound, const Picked& table,
                 bool& looked_at_literal) {
  int64_t number = 0;
  if (name == "=" || name == "@>" || !whole_number(bound, number)) return false;
  const auto call = field(value, "FuncCall");
  const std::string_view function = call ? name_in(*call, "funcname").name : std::string_view();
  const bool names_part = function == "extract" || function == "date_part";
  const auto range = range_of(value, table);
  looked_at_literal = looked_at_literal || names_part || range;
  if (!range) return false;
  const auto [lowest, highest] = *range;
  if (name == ">=") return number <= lowest;
  if (name == ">") return number < lowest;
  if (name == "<=") return number >= highest;
  if (name == "<") return number > highest;
  return name == "<>" && (number < lowest || number > highest);
}

}  // namespace sluice::sql
