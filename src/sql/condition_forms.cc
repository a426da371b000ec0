#include "sql/condition_forms.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <utility>

#include "sql/condition.h"
#include "sql/empty_pattern.h"
#include "sql/names.h"
#include "sql/picked.h"

namespace sluice::sql {
namespace {

/// Two different whole numbers: programs write 1 = 0 for an empty list.
bool differ(const Node& left, const Node& right, bool& looked_at_literal) {
  int64_t a = 0, b = 0;
  if (!whole_number(left, a) || !whole_number(right, b)) return false;
  looked_at_literal = true;
  return a != b;
}

/// Two comparisons of the same values; false if they are anything else.
bool compare_the_same(const Node& a, const Node& b, bool& looked_at_literal) {
  for (const char* side : {"lexpr", "rexpr"}) {
    const auto one = field(a, side), other = field(b, side);
    if (!one || !other || !same(*one, *other, looked_at_literal)) return false;
  }
  return true;
}

/// An operator, or "" where it is compared with something else than one value.
std::string_view plain_operator(const Node& expression) {
  return text_field(expression, "kind") == "AEXPR_OP" ? operator_name(expression)
                                                      : std::string_view();
}

/// x IN (1, 2), x = ANY (…), and their opposites: 1 and -1; 0 for anything else.
int membership(const Node& expression) {
  const std::string_view kind = text_field(expression, "kind");
  const std::string_view name = operator_name(expression);
  if ((kind == "AEXPR_IN" || kind == "AEXPR_OP_ANY") && name == "=") return 1;
  return (kind == "AEXPR_IN" || kind == "AEXPR_OP_ALL") && name == "<>" ? -1 : 0;
}

using Operators = std::pair<std::string_view, std::string_view>;
/// Of which one holds for any two values, and of which no two hold for the same.
constexpr std::array<Operators, 4> kEither = {
    {{"=", "<>"}, {"<", ">="}, {">", "<="}, {"<=", ">="}}};
constexpr std::array<Operators, 6> kNeverBoth = {
    {{"=", "<>"}, {"<", ">="}, {">", "<="}, {"<", ">"}, {"=", "<"}, {"=", ">"}}};

template <size_t N>
bool is_one_of(const std::array<Operators, N>& pairs, std::string_view a, std::string_view b) {
  return std::any_of(pairs.begin(), pairs.end(), [&](const Operators& pair) {
    return (a == pair.first && b == pair.second) || (b == pair.first && a == pair.second);
  });
}

/// x IS NULL and x IS NOT NULL, x IN (…) and x NOT IN (…), p and NOT p.
bool are_opposites(const Node& a, const Node& b, bool& looked_at_literal) {
  const auto first = field(a, "NullTest"), second = field(b, "NullTest");
  if (first && second && text_field(*first, "nulltesttype") != text_field(*second, "nulltesttype"))
    return same(*field(*first, "arg"), *field(*second, "arg"), looked_at_literal);
  const auto left = field(a, "A_Expr"), right = field(b, "A_Expr");
  if (left && right && membership(*left) != 0 && membership(*left) == -membership(*right))
    return compare_the_same(*left, *right, looked_at_literal);
  const auto negated = field(b, "BoolExpr");
  if (!negated || text_field(*negated, "boolop") != "NOT_EXPR") return false;
  bool found = false;
  for_each(*negated, "args", [&](const Node& arm) { found = same(a, arm, looked_at_literal); });
  return found;
}

template <size_t N>
bool have_pair(const std::vector<Node>& arms, const std::array<Operators, N>& pairs,
               bool& looked_at_literal) {
  constexpr size_t kMost = 64;  // The work grows with the square; so long a list is a program's.
  const size_t count = std::min(arms.size(), kMost);
  for (size_t i = 0; i < count; ++i) {
    const auto one = field(arms[i], "A_Expr");
    for (size_t j = 0; j < count; ++j) {
      if (i == j) continue;
      if (are_opposites(arms[i], arms[j], looked_at_literal)) return true;
      const auto other = one ? field(arms[j], "A_Expr") : std::nullopt;
      if (other && is_one_of(pairs, plain_operator(*one), plain_operator(*other)) &&
          compare_the_same(*one, *other, looked_at_literal))
        return true;
    }
  }
  return false;
}

/// x > 5, x >= 5, x < 5, x <= 5: a value and a whole number.
struct Limit {
  Node value;
  bool lower = false, inclusive = false;
  int64_t bound = 0;
};

std::optional<Limit> limit_of(const Node& arm) {
  const auto expression = field(arm, "A_Expr");
  const std::string_view name = expression ? plain_operator(*expression) : std::string_view();
  if (name != "<" && name != "<=" && name != ">" && name != ">=") return std::nullopt;
  const auto left = field(*expression, "lexpr"), right = field(*expression, "rexpr");
  Limit limit;
  if (!left || !right) return std::nullopt;
  const bool turned = !whole_number(*right, limit.bound);  // 5 < x
  if (turned && !whole_number(*left, limit.bound)) return std::nullopt;
  limit.value = turned ? *right : *left;
  limit.lower = (name[0] == '>') != turned;
  limit.inclusive = name.size() == 2;
  return limit;
}

/// Two limits of one value, from below and from above, for which `holds` of them.
template <typename Holds>
bool have_limits(const std::vector<Node>& arms, bool& looked_at_literal, const Holds& holds) {
  constexpr size_t kMost = 16;
  std::vector<Limit> limits;
  for (size_t i = 0; i < std::min(arms.size(), kMost); ++i)
    if (auto limit = limit_of(arms[i])) limits.push_back(*limit);
  for (const Limit& from : limits) {
    for (const Limit& to : limits) {
      if (!from.lower || to.lower || !same(from.value, to.value, looked_at_literal)) continue;
      looked_at_literal = true;
      if (holds(from, to)) return true;
    }
  }
  return false;
}

/// x < y, x = y, x > y: which of them `expression` is, as a bit.
unsigned place_in_order(std::string_view name) {
  return name == "<" ? 1U : name == "=" ? 2U : name == ">" ? 4U : 0U;
}

/// x < y OR x = y OR x > y.
bool have_all_orders(const std::vector<Node>& arms, bool& looked_at_literal) {
  constexpr size_t kMost = 16;
  const size_t count = std::min(arms.size(), kMost);
  for (size_t i = 0; i < count; ++i) {
    const auto one = field(arms[i], "A_Expr");
    unsigned places = one ? place_in_order(plain_operator(*one)) : 0;
    for (size_t j = i + 1; places != 0 && j < count; ++j) {
      const auto other = field(arms[j], "A_Expr");
      if (other && compare_the_same(*one, *other, looked_at_literal))
        places |= place_in_order(plain_operator(*other));
    }
    if (places == 7) return true;
  }
  return false;
}

}  // namespace

bool is_never(const Node& condition, bool& looked_at_literal, bool plain_equals) {
  if (const auto comparison = field(condition, "A_Expr")) {
    const auto left = field(*comparison, "lexpr");
    const auto right = field(*comparison, "rexpr");
    return left && right && plain_equals && text_field(*comparison, "kind") == "AEXPR_OP" &&
           operator_name(*comparison) == "=" && differ(*left, *right, looked_at_literal);
  }
  const auto constant = field(condition, "A_Const");
  if (!constant) return false;
  if (bool_field(*constant, "isnull")) return true;
  const auto boolean = field(*constant, "boolval");
  return boolean && !bool_field(*boolean, "boolval");
}

bool same(const Node& a, const Node& b, bool& looked_at_literal) {
  if (a.type() != b.type()) return false;
  simdjson::dom::object left, right;
  if (a.get(left) == simdjson::SUCCESS && b.get(right) == simdjson::SUCCESS) {
    if (left.size() != right.size()) return false;
    for (const auto [key, value] : left) {
      if (key == "location") continue;
      Node other;
      if (right[key].get(other) != simdjson::SUCCESS) return false;
      looked_at_literal = looked_at_literal || key == "A_Const";
      if (!same(value, other, looked_at_literal)) return false;
    }
    return true;
  }
  simdjson::dom::array items, others;
  if (a.get(items) == simdjson::SUCCESS && b.get(others) == simdjson::SUCCESS) {
    if (items.size() != others.size()) return false;
    auto other = others.begin();
    for (const Node item : items) {
      if (!same(item, *other, looked_at_literal)) return false;
      ++other;
    }
    return true;
  }
  return simdjson::minify(a) == simdjson::minify(b);
}

Node pattern_of(const Node& node) {
  const auto call = field(node, "FuncCall");
  const std::string_view name = call ? name_in(*call, "funcname").name : std::string_view();
  std::optional<Node> pattern;
  if (name == "like_escape" || name == "similar_to_escape")
    for_each(*call, "args", [&](const Node& argument) { pattern = pattern ? pattern : argument; });
  return pattern ? *pattern : node;
}

bool is_percent(const Node& node, bool& looked_at_literal) {
  const auto joined = field(node, "A_Expr");
  if (joined && operator_name(*joined) == "||") {
    const auto left = field(*joined, "lexpr"), right = field(*joined, "rexpr");
    if (!left || !right) return false;
    const bool first = is_percent(*left, looked_at_literal);
    const bool second = is_percent(*right, looked_at_literal);
    return (first || is_empty_text(*left)) && (second || is_empty_text(*right)) &&
           (first || second);
  }
  const auto constant = field(pattern_of(node), "A_Const");
  if (!constant) return false;
  looked_at_literal = true;
  const auto value = field(*constant, "sval");
  return value && !text_field(*value, "sval").empty() &&
         text_field(*value, "sval").find_first_not_of('%') == std::string_view::npos;
}

bool matches_all(const Node& node, bool& looked_at_literal) {
  const auto constant = field(node, "A_Const");
  const auto value = constant ? field(*constant, "sval") : std::nullopt;
  if (!value) return false;
  looked_at_literal = true;
  std::string_view rest = text_field(*value, "sval");
  if (finds_empty(rest)) return true;
  const bool begin = rest.starts_with('^');
  while (rest.starts_with('^')) rest.remove_prefix(1);
  const bool end = rest.ends_with('$');
  while (rest.ends_with('$')) rest.remove_suffix(1);
  if (rest.empty()) return !(begin && end);
  while (rest.starts_with(".*")) rest.remove_prefix(2);
  while (rest.ends_with(".*")) rest.remove_suffix(2);
  return rest.empty() || rest == "." || rest == ".+";
}

bool is_any_size(const Node& left, const Node& right, bool& looked_at_literal) {
  constexpr std::string_view kSizes[] = {"length",       "char_length", "character_length",
                                         "abs",          "bit_length",  "cardinality",
                                         "octet_length", "num_nulls",   "num_nonnulls"};
  const auto call = field(left, "FuncCall");
  const std::string_view function = call ? name_in(*call, "funcname").name : std::string_view();
  int64_t bound = 0;
  if (std::find(std::begin(kSizes), std::end(kSizes), function) == std::end(kSizes) ||
      !whole_number(right, bound))
    return false;
  looked_at_literal = true;
  return bound == 0;
}

bool is_never_below_zero(const Node& node, bool& looked_at_literal) {
  const auto none_below = [&](const Node& list, bool every) {
    size_t found = 0, count = 0;
    for_each(list, "args", [&](const Node& item) {
      int64_t number = 0;
      ++count;
      const bool whole = whole_number(item, number);
      looked_at_literal = looked_at_literal || whole;
      // -1 is written as 0 in the tree: no number tells by itself.
      if ((whole && number > 0) || is_never_below_zero(item, looked_at_literal)) ++found;
    });
    return every ? count > 0 && found == count : found > 0;
  };
  const auto even = [&](const Node& power) {
    int64_t number = 0;
    looked_at_literal = looked_at_literal || field(power, "A_Const");
    return whole_number(power, number) && number > 0 && number % 2 == 0;
  };
  if (const auto list = field(node, "CoalesceExpr")) return none_below(*list, true);
  if (const auto list = field(node, "MinMaxExpr"))
    return none_below(*list, text_field(*list, "op") == "IS_LEAST");
  if (const auto call = field(node, "FuncCall")) {
    const std::string_view name = name_in(*call, "funcname").name;
    std::vector<Node> arguments;
    for_each(*call, "args", [&](const Node& argument) { arguments.push_back(argument); });
    if (name == "power" || name == "pow") return arguments.size() == 2 && even(arguments[1]);
    return name == "sqrt" || name == "exp" || name == "abs" || name == "cardinality" ||
           name == "num_nulls" || name == "num_nonnulls" || is_length_name(name);
  }
  const auto expression = field(node, "A_Expr");
  if (!expression || text_field(*expression, "kind") != "AEXPR_OP") return false;
  const auto left = field(*expression, "lexpr"), right = field(*expression, "rexpr");
  const std::string_view name = operator_name(*expression);
  if (!right) return false;
  if (!left) return name == "@" || name == "|/";
  if (name == "*") return same(*left, *right, looked_at_literal);
  return name == "^" && even(*right);
}

bool is_length_name(std::string_view function) {
  constexpr std::string_view kLengths[] = {"length", "char_length", "character_length",
                                           "bit_length", "octet_length"};
  return std::find(std::begin(kLengths), std::end(kLengths), function) != std::end(kLengths);
}

bool is_length(const Node& node) {
  const auto call = field(node, "FuncCall");
  return call && is_length_name(name_in(*call, "funcname").name);
}

bool is_empty_list(const Node& node, bool& looked_at_literal) {
  if (const auto cast = field(node, "TypeCast")) {
    const auto value = field(*cast, "arg");
    return value && is_empty_list(*value, looked_at_literal);
  }
  if (const auto array = field(node, "A_ArrayExpr")) {
    bool empty = true;
    for_each(*array, "elements", [&](const Node&) { empty = false; });
    return empty;
  }
  const auto constant = field(node, "A_Const");
  const auto text = constant ? field(*constant, "sval") : std::nullopt;
  if (!text) return false;
  looked_at_literal = true;
  return text_field(*text, "sval") == "{}";
}

std::optional<Node> selected_alone(const Node& query) {
  const auto select = field(query, "SelectStmt");
  if (!select) return std::nullopt;
  for (const char* part : {"fromClause", "whereClause", "havingClause", "withClause", "larg",
                           "limitCount", "limitOffset"}) {
    if (field(*select, part)) return std::nullopt;
  }
  std::vector<Node> values;
  for_each(*select, "targetList", [&](const Node& wrapper) {
    const auto target = field(wrapper, "ResTarget");
    if (const auto value = target ? field(*target, "val") : std::nullopt) values.push_back(*value);
  });
  for_each(*select, "valuesLists", [&](const Node& wrapper) {
    if (const auto list = field(wrapper, "List"))
      for_each(*list, "items", [&](const Node& item) { values.push_back(item); });
  });
  return values.size() == 1 ? std::optional(values[0]) : std::nullopt;
}

bool has_complements(const std::vector<Node>& arms, bool& looked_at_literal) {
  const auto meet = [](const Limit& from, const Limit& to) {
    return from.bound < to.bound || (from.bound == to.bound && (from.inclusive || to.inclusive));
  };
  return have_pair(arms, kEither, looked_at_literal) || have_all_orders(arms, looked_at_literal) ||
         have_limits(arms, looked_at_literal, meet);
}

bool has_contradiction(const std::vector<Node>& arms, bool& looked_at_literal) {
  const auto miss = [](const Limit& from, const Limit& to) {
    return from.bound > to.bound || (from.bound == to.bound && !(from.inclusive && to.inclusive));
  };
  return have_pair(arms, kNeverBoth, looked_at_literal) ||
         have_limits(arms, looked_at_literal, miss);
}

}  // namespace sluice::sql
