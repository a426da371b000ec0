#include "sql/condition.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "sql/names.h"

namespace sluice::sql {

bool reads_row(const Node& node) {
  simdjson::dom::object object;
  if (node.get(object) == simdjson::SUCCESS) {
    for (const auto [key, value] : object) {
      if (key == "ColumnRef" || key == "CurrentOfExpr") return true;
      if (reads_row(value)) return true;
    }
    return false;
  }
  simdjson::dom::array items;
  if (node.get(items) != simdjson::SUCCESS) return false;
  return std::any_of(items.begin(), items.end(), [](const Node item) { return reads_row(item); });
}

namespace {

/// Two different whole numbers: programs write 1 = 0 for an empty list.
bool differ(const Node& left, const Node& right, bool& looked_at_literal) {
  int64_t a = 0, b = 0;
  if (!whole_number(left, a) || !whole_number(right, b)) return false;
  looked_at_literal = true;
  return a != b;
}

/// WHERE false, WHERE NULL and WHERE 1 = 0 take no row at all.
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

/// Structural equality, leaving out where in the text things stand.
bool same(const Node& a, const Node& b, bool& looked_at_literal) {
  if (a.type() != b.type()) return false;
  simdjson::dom::object left, right;
  if (a.get(left) == simdjson::SUCCESS && b.get(right) == simdjson::SUCCESS) {
    if (left.size() != right.size()) return false;
    for (const auto [key, value] : left) {
      if (key == "location") continue;
      looked_at_literal = looked_at_literal || key == "A_Const";
      Node other;
      if (right[key].get(other) != simdjson::SUCCESS || !same(value, other, looked_at_literal)) {
        return false;
      }
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

/// What stands before ESCAPE, and within what SIMILAR TO makes of its pattern.
Node pattern_of(const Node& node) {
  const auto call = field(node, "FuncCall");
  const std::string_view name = call ? name_in(*call, "funcname").name : std::string_view();
  std::optional<Node> pattern;
  if (name == "like_escape" || name == "similar_to_escape")
    for_each(*call, "args", [&](const Node& argument) { pattern = pattern ? pattern : argument; });
  return pattern ? *pattern : node;
}

bool is_percent(const Node& node, bool& looked_at_literal) {
  const auto constant = field(pattern_of(node), "A_Const");
  if (!constant) return false;
  looked_at_literal = true;
  const auto value = field(*constant, "sval");
  return value && !text_field(*value, "sval").empty() &&
         text_field(*value, "sval").find_first_not_of('%') == std::string_view::npos;
}

/// A pattern that every text matches, or every one that is not empty.
bool matches_all(const Node& node, bool& looked_at_literal) {
  const auto constant = field(node, "A_Const");
  const auto value = constant ? field(*constant, "sval") : std::nullopt;
  if (!value) return false;
  looked_at_literal = true;
  std::string_view rest = text_field(*value, "sval");
  const bool begin = rest.starts_with('^');
  while (rest.starts_with('^')) rest.remove_prefix(1);
  const bool end = rest.ends_with('$');
  while (rest.ends_with('$')) rest.remove_suffix(1);
  if (rest.empty()) return !(begin && end);
  while (rest.starts_with(".*")) rest.remove_prefix(2);
  while (rest.ends_with(".*")) rest.remove_suffix(2);
  return rest.empty() || rest == "." || rest == ".+";
}

/// Whether a value is the same for each row, though a column stands in it.
bool is_same_for_all(const Node& node, bool& looked_at_literal) {
  if (!reads_row(node)) return true;
  if (const auto call = field(node, "FuncCall"))
    return name_in(*call, "funcname").name == "pg_typeof";
  const auto expression = field(node, "A_Expr");
  if (!expression || text_field(*expression, "kind") != "AEXPR_OP") return false;
  const auto left = field(*expression, "lexpr"), right = field(*expression, "rexpr");
  const std::string_view name = operator_name(*expression);
  int64_t number = -1;
  if (!left || !right) return false;
  if (name == "*" && (whole_number(*left, number) || whole_number(*right, number))) {
    looked_at_literal = true;
    return number == 0;
  }
  return (name == "-" || name == "/" || name == "%") && same(*left, *right, looked_at_literal);
}

/// A length or an absolute value that is at least 0.
bool is_any_size(const Node& left, const Node& right, bool& looked_at_literal) {
  constexpr std::string_view kSizes[] = {"length",     "char_length", "character_length", "abs",
                                         "bit_length", "cardinality", "octet_length"};
  const auto call = field(left, "FuncCall");
  const std::string_view function = call ? name_in(*call, "funcname").name : std::string_view();
  int64_t bound = 0;
  if (std::find(std::begin(kSizes), std::end(kSizes), function) == std::end(kSizes) ||
      !whole_number(right, bound))
    return false;
  looked_at_literal = true;
  return bound == 0;
}

/// Operators of which one holds for any two values.
bool are_opposite(std::string_view a, std::string_view b) {
  constexpr std::pair<std::string_view, std::string_view> kPairs[] = {
      {"=", "<>"}, {"<", ">="}, {">", "<="}, {"<=", ">="}};
  return std::any_of(std::begin(kPairs), std::end(kPairs), [&](const auto& pair) {
    return (a == pair.first && b == pair.second) || (b == pair.first && a == pair.second);
  });
}

/// x IS NULL and x IS NOT NULL, x = y and x <> y, p and NOT p.
bool are_complements(const Node& a, const Node& b, bool& looked_at_literal) {
  const auto first = field(a, "NullTest"), second = field(b, "NullTest");
  if (first && second && text_field(*first, "nulltesttype") != text_field(*second, "nulltesttype"))
    return same(*field(*first, "arg"), *field(*second, "arg"), looked_at_literal);
  const auto left = field(a, "A_Expr"), right = field(b, "A_Expr");
  if (left && right && text_field(*left, "kind") == "AEXPR_OP" &&
      text_field(*right, "kind") == "AEXPR_OP" &&
      are_opposite(operator_name(*left), operator_name(*right))) {
    for (const char* side : {"lexpr", "rexpr"}) {
      const auto one = field(*left, side), other = field(*right, side);
      if (!one || !other || !same(*one, *other, looked_at_literal)) return false;
    }
    return true;
  }
  const auto negated = field(b, "BoolExpr");
  if (!negated || text_field(*negated, "boolop") != "NOT_EXPR") return false;
  bool found = false;
  for_each(*negated, "args", [&](const Node& arm) { found = same(a, arm, looked_at_literal); });
  return found;
}

bool has_complements(const std::vector<Node>& arms, bool& looked_at_literal) {
  constexpr size_t kMost = 64;  // The work grows with the square; so long a list is a program's.
  const size_t count = std::min(arms.size(), kMost);
  for (size_t i = 0; i < count; ++i) {
    for (size_t j = 0; j < count; ++j) {
      if (i != j && are_complements(arms[i], arms[j], looked_at_literal)) return true;
    }
  }
  return false;
}

/// Which rows of a table a condition takes, as far as its form tells.
class Extent {
 public:
  Extent(const Picked& table, bool& looked_at_literal, bool plain_equals)
      : table_(table), looked_at_literal_(looked_at_literal), plain_equals_(plain_equals) {}

  bool all(const Node& condition) {
    if (is_never(condition, looked_at_literal_, plain_equals_)) return false;
    if (!reads_row(condition)) return true;
    if (const auto comparison = field(condition, "A_Expr"))
      return compared_all(*comparison) || equals_boolean(*comparison);
    if (const auto test = field(condition, "NullTest")) return is_null(*test, "IS_NOT_NULL");
    if (const auto query = field(condition, "SubLink")) return is_among_all(*query);
    if (const auto test = field(condition, "BooleanTest")) return tested(*test);
    if (const auto choice = field(condition, "CaseExpr")) return every_choice(*choice);
    const auto boolean = field(condition, "BoolExpr");
    if (!boolean) return false;
    const auto arms = arms_of(*boolean);
    const auto takes_all = [&](const Node& arm) { return all(arm); };
    const std::string_view op = text_field(*boolean, "boolop");
    if (op == "NOT_EXPR") return none(arms.front());
    if (op == "AND_EXPR") return std::all_of(arms.begin(), arms.end(), takes_all);
    return std::any_of(arms.begin(), arms.end(), takes_all) ||
           has_complements(arms, looked_at_literal_) || tests_both(arms);
  }

 private:
  bool none(const Node& condition) {
    if (is_never(condition, looked_at_literal_, plain_equals_)) return true;
    if (const auto comparison = field(condition, "A_Expr")) return compared_none(*comparison);
    if (const auto test = field(condition, "NullTest")) return is_null(*test, "IS_NULL");
    if (const auto query = field(condition, "SubLink")) return is_among_none(*query);
    const auto boolean = field(condition, "BoolExpr");
    if (!boolean) return false;
    const auto arms = arms_of(*boolean);
    const auto takes_none = [&](const Node& arm) { return none(arm); };
    const std::string_view op = text_field(*boolean, "boolop");
    if (op == "NOT_EXPR") return all(arms.front());
    if (op == "OR_EXPR") return std::all_of(arms.begin(), arms.end(), takes_none);
    return std::any_of(arms.begin(), arms.end(), takes_none) || has_opposites(arms);
  }

  bool alike(const Node& a, const Node& b) {
    if (same(a, b, looked_at_literal_)) return true;
    const PlainValue left = plain_value(a, table_), right = plain_value(b, table_);
    if (!same_value(left.value, right.value)) return false;
    looked_at_literal_ = looked_at_literal_ || left.by_literals || right.by_literals;
    return left.unchanged && right.unchanged;
  }

  bool same_value(const Node& a, const Node& b) {
    const catalog::Column* column = column_of(a, table_);
    return (column != nullptr && column == column_of(b, table_)) || same(a, b, looked_at_literal_);
  }

  /// Whether one of `field_name`'s nodes is as `node`, or all are.
  bool any_alike(const Node& list, std::string_view field_name, const Node& node, bool every) {
    size_t found = 0, count = 0;
    for_each(list, field_name, [&](const Node& item) {
      ++count;
      if (alike(node, item)) ++found;
    });
    return every ? count > 0 && found == count : found > 0;
  }

  bool compared_all(const Node& expression) {
    const auto left = field(expression, "lexpr");
    const auto right = field(expression, "rexpr");
    if (!left || !right) return false;
    const std::string_view kind = text_field(expression, "kind");
    const std::string_view name = operator_name(expression);
    if (kind == "AEXPR_OP" && is_same_for_all(*left, looked_at_literal_) &&
        is_same_for_all(*right, looked_at_literal_))
      return true;
    if (kind == "AEXPR_OP" && (name == "=" || name == ">=" || name == "<=") && alike(*left, *right))
      return true;
    if (kind == "AEXPR_OP" && name == ">=" && is_any_size(*left, *right, looked_at_literal_))
      return true;
    if (kind == "AEXPR_OP" &&
        (name == ">=" ? is_empty_text(*right) : name == "<=" && is_empty_text(*left))) {
      looked_at_literal_ = true;
      return true;
    }
    // x < x + 1: whatever it is compared with, it says nothing of the row.
    if (kind == "AEXPR_OP" && name != "=" && moved(*left, *right)) return true;
    if (kind == "AEXPR_DISTINCT") {
      return (is_null_constant(*right) && always_filled(*left, table_)) ||
             (is_null_constant(*left) && always_filled(*right, table_));
    }
    if (kind == "AEXPR_OP" && (name == "~" || name == "~*"))
      return matches_all(*right, looked_at_literal_);
    if (kind == "AEXPR_BETWEEN" || kind == "AEXPR_BETWEEN_SYM") {
      const auto list = field(*right, "List");
      return list && any_alike(*list, "items", *left, true);
    }
    if (kind == "AEXPR_OP_ANY" && name == "=") {
      const auto array = field(*right, "A_ArrayExpr");
      return array && any_alike(*array, "elements", *left, false);
    }
    if (kind == "AEXPR_NOT_DISTINCT") return alike(*left, *right);
    if ((kind == "AEXPR_LIKE" && name == "~~") || (kind == "AEXPR_ILIKE" && name == "~~*") ||
        (kind == "AEXPR_SIMILAR" && name == "~"))
      return is_percent(*right, looked_at_literal_);
    if (kind == "AEXPR_IN" && name == "=") {
      const auto list = field(*right, "List");
      return list && (any_alike(*list, "items", *left, false) || names_both(*left, *list));
    }
    return false;
  }

  /// A value compared with itself and something more.
  bool moved(const Node& a, const Node& b) {
    const PlainValue left = plain_value(a, table_), right = plain_value(b, table_);
    if (!left.by_literals && !right.by_literals) return false;
    if (!reads_row(left.value) || !same_value(left.value, right.value)) return false;
    looked_at_literal_ = true;
    return left.unchanged != right.unchanged;
  }

  /// x IN (true, false), of what is never NULL.
  bool names_both(const Node& value, const Node& list) {
    bool yes = false, no = false;
    for_each(list, "items", [&](const Node& item) {
      yes = yes || is_boolean(item, true);
      no = no || is_boolean(item, false);
    });
    return yes && no && never_null(value, table_);
  }

  /// x IS TRUE OR x IS FALSE, of what is never NULL; x IS TRUE OR x IS NOT TRUE.
  bool tests_both(const std::vector<Node>& arms) {
    constexpr std::pair<std::string_view, std::string_view> kPairs[] = {
        {"IS_TRUE", "IS_FALSE"},
        {"IS_TRUE", "IS_NOT_TRUE"},
        {"IS_FALSE", "IS_NOT_FALSE"},
        {"IS_UNKNOWN", "IS_NOT_UNKNOWN"}};
    constexpr size_t kMost = 64;
    const size_t count = std::min(arms.size(), kMost);
    for (size_t i = 0; i < count; ++i) {
      const auto a = field(arms[i], "BooleanTest");
      for (size_t j = 0; a && j < count; ++j) {
        const auto b = field(arms[j], "BooleanTest");
        if (!b || i == j) continue;
        const auto value = field(*a, "arg"), other = field(*b, "arg");
        if (!value || !other || !same(*value, *other, looked_at_literal_)) continue;
        for (const auto& [first, second] : kPairs) {
          if (text_field(*a, "booltesttype") == first && text_field(*b, "booltesttype") == second &&
              (second != "IS_FALSE" || never_null(*value, table_)))
            return true;
        }
      }
    }
    return false;
  }

  /// x <> x and its like: true of no row.
  bool compared_none(const Node& expression) {
    const auto left = field(expression, "lexpr");
    const auto right = field(expression, "rexpr");
    if (!left || !right) return false;
    const std::string_view kind = text_field(expression, "kind");
    const std::string_view name = operator_name(expression);
    const bool differs = kind == "AEXPR_OP" && (name == "<>" || name == "<" || name == ">");
    if (kind == "AEXPR_NOT_DISTINCT" && (is_null_constant(*left) || is_null_constant(*right)))
      return never_null(is_null_constant(*left) ? *right : *left, table_);
    return (differs || kind == "AEXPR_DISTINCT") && alike(*left, *right);
  }

  bool is_null(const Node& test, std::string_view kind) {
    const auto argument = field(test, "arg");
    if (!argument || text_field(test, "nulltesttype") != kind) return false;
    // Sums and casts of what is not NULL are not either.
    const Node value = plain_value(*argument, table_).value;
    return kind == "IS_NULL" ? never_null(value, table_) : always_filled(value, table_);
  }

  /// x IN (SELECT x FROM the same table), x <> ALL (SELECT … WHERE false).
  bool is_among_all(const Node& link) {
    const auto value = field(link, "testexpr"), query = field(link, "subselect");
    const std::string_view kind = text_field(link, "subLinkType");
    if (!value || !query) return false;
    if (kind == "ALL_SUBLINK") return is_empty(*query);
    const std::string_view name = name_in(link, "operName").name;
    return kind == "ANY_SUBLINK" && (name.empty() || name == "=") &&
           selects_all(*query, *value, table_);
  }

  /// x IN (SELECT … WHERE false).
  bool is_among_none(const Node& link) {
    const auto query = field(link, "subselect");
    return text_field(link, "subLinkType") == "ANY_SUBLINK" && query && is_empty(*query);
  }

  bool is_empty(const Node& query) {
    const auto select = field(query, "SelectStmt");
    const auto where = select ? field(*select, "whereClause") : std::nullopt;
    return where && is_never(*where, looked_at_literal_, plain_equals_);
  }

  /// p AND NOT p, x = y AND x <> y. What one of two always holds is not enough: x <= y AND x >= y.
  bool has_opposites(const std::vector<Node>& arms) {
    for (const Node& arm : arms) {
      const auto comparison = field(arm, "A_Expr");
      const std::string_view name = comparison ? operator_name(*comparison) : std::string_view();
      if (name == "<=" || name == ">=") return false;
    }
    return has_complements(arms, looked_at_literal_);
  }

  bool equals_boolean(const Node& comparison) {
    if (text_field(comparison, "kind") != "AEXPR_OP" || operator_name(comparison) != "=")
      return false;
    const auto left = field(comparison, "lexpr"), right = field(comparison, "rexpr");
    if (!left || !right) return false;
    return (is_boolean(*right, true) && all(*left)) || (is_boolean(*left, true) && all(*right)) ||
           (is_boolean(*right, false) && none(*left)) || (is_boolean(*left, false) && none(*right));
  }

  static bool is_boolean(const Node& node, bool which) {
    const auto constant = field(node, "A_Const");
    const auto boolean = constant ? field(*constant, "boolval") : std::nullopt;
    return boolean && bool_field(*boolean, "boolval") == which;
  }

  static bool is_null_constant(const Node& node) {
    const auto constant = field(node, "A_Const");
    return constant && bool_field(*constant, "isnull");
  }

  bool tested(const Node& test) {
    const auto argument = field(test, "arg");
    if (!argument) return false;
    const std::string_view kind = text_field(test, "booltesttype");
    if (kind == "IS_TRUE" || kind == "IS_NOT_FALSE") return all(*argument);
    if (kind == "IS_NOT_UNKNOWN") return never_null(*argument, table_);
    return (kind == "IS_FALSE" || kind == "IS_NOT_TRUE") && none(*argument);
  }

  bool every_choice(const Node& choice) {
    const auto other = field(choice, "defresult");
    bool every = other && all(*other);
    for_each(choice, "args", [&](const Node& wrapper) {
      const auto when = field(wrapper, "CaseWhen");
      const auto result = when ? field(*when, "result") : std::nullopt;
      every = every && result && all(*result);
    });
    return every;
  }

  static std::vector<Node> arms_of(const Node& boolean) {
    std::vector<Node> arms;
    for_each(boolean, "args", [&](const Node& arm) { arms.push_back(arm); });
    return arms;
  }

  const Picked& table_;
  bool& looked_at_literal_;
  bool plain_equals_;
};

}  // namespace

bool always_true(const Node& condition, const Picked& table, bool& looked_at_literal,
                 bool plain_equals) {
  return Extent(table, looked_at_literal, plain_equals).all(condition);
}

}  // namespace sluice::sql
