#include "sql/condition.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "sql/condition_forms.h"
#include "sql/condition_sides.h"
#include "sql/extent.h"
#include "sql/names.h"
#include "sql/telling.h"

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

bool Extent::all(const Node& condition) {
  if (is_never(condition, looked_at_literal_, plain_equals_)) return false;
  if (!tells(condition, table_, looked_at_literal_)) return true;
  if (const auto comparison = field(condition, "A_Expr"))
    return compared_all(*comparison) || equals_boolean(*comparison) || is_unchanged(*comparison);
  if (const auto call = field(condition, "FuncCall")) return called_all(*call);
  if (const auto test = field(condition, "NullTest")) return is_null(*test, "IS_NOT_NULL");
  if (const auto query = field(condition, "SubLink")) return is_among_all(*query);
  if (const auto test = field(condition, "BooleanTest")) return tested(*test);
  if (field(condition, "CaseExpr")) return every_choice(condition);
  const auto takes_all = [&](const Node& arm) { return all(arm); };
  if (const auto first = field(condition, "CoalesceExpr")) {
    const auto values = arms_of(*first);
    return std::all_of(values.begin(), values.end(), takes_all);
  }
  const auto boolean = field(condition, "BoolExpr");
  if (!boolean) return false;
  const auto arms = arms_of(*boolean);
  const std::string_view op = text_field(*boolean, "boolop");
  if (op == "NOT_EXPR") return none(arms.front());
  if (op == "AND_EXPR") return std::all_of(arms.begin(), arms.end(), takes_all);
  return std::any_of(arms.begin(), arms.end(), takes_all) ||
         has_complements(arms, looked_at_literal_) || tests_both(arms);
}

bool Extent::none(const Node& condition) {
  if (is_never(condition, looked_at_literal_, plain_equals_)) return true;
  // Of the row it says nothing: it holds of all rows or of none.
  if (reads_row(condition) && !tells(condition, table_, looked_at_literal_)) return true;
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
  return std::any_of(arms.begin(), arms.end(), takes_none) ||
         has_contradiction(arms, looked_at_literal_);
}

bool Extent::alike(const Node& a, const Node& b) {
  if (same(a, b, looked_at_literal_)) return true;
  const PlainValue left = plain_value(a, table_), right = plain_value(b, table_);
  looked_at_literal_ = looked_at_literal_ || left.kept_literals || right.kept_literals;
  if (!same_value(left.value, right.value)) return false;
  looked_at_literal_ = looked_at_literal_ || left.by_literals || right.by_literals;
  return left.unchanged && right.unchanged;
}

bool Extent::same_value(const Node& a, const Node& b) {
  const catalog::Column* column = column_of(a, table_);
  if (own_name(a, table_) == "ctid" && own_name(b, table_) == "ctid") return true;
  if (is_whole_row(a, table_) && is_whole_row(b, table_)) return true;
  return (column != nullptr && column == column_of(b, table_)) || same(a, b, looked_at_literal_);
}

/// Whether one of `field_name`'s nodes is as `node`, or all are.
bool Extent::any_alike(const Node& list, std::string_view field_name, const Node& node,
                       bool every) {
  size_t found = 0, count = 0;
  for_each(list, field_name, [&](const Node& item) {
    ++count;
    if (alike(node, item)) ++found;
  });
  return every ? count > 0 && found == count : found > 0;
}

namespace {

/// The operator that holds of b and a where this one holds of a and b; "" for those without one.
std::string_view commuted(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kPairs[] = {
      {"<", ">"}, {"<=", ">="}, {"@>", "<@"}};
  for (const auto& [one, other] : kPairs) {
    if (name == one) return other;
    if (name == other) return one;
  }
  return name == "=" || name == "<>" || name == "&&" ? name : std::string_view();
}

}  // namespace

bool Extent::compared_all(const Node& expression) {
  const auto left = field(expression, "lexpr");
  const auto right = field(expression, "rexpr");
  if (!left || !right) return false;
  const std::string_view kind = text_field(expression, "kind");
  const std::string_view name = operator_name(expression);
  if (written_out_matches(*left, kind, name, *right)) return true;
  if (kind != "AEXPR_OP") return other_all(*left, kind, name, *right);
  if (same_for_all(*left) && same_for_all(*right)) return true;
  const std::string_view turned = commuted(name);
  return operated_all(*left, name, *right) ||
         (!turned.empty() && operated_all(*right, turned, *left));
}

bool Extent::operated_all(const Node& left, std::string_view name, const Node& right) {
  const bool holds_of_itself =
      name == "=" || name == ">=" || name == "<=" || name == "@>" || name == "<@";
  if (holds_of_itself && (alike(left, right) || is_of_all(left, name, right))) return true;
  if (always_holds(left, name, right, table_, looked_at_literal_) ||
      counts_itself(left, name, right) || has_text(left, name, right))
    return true;
  if (is_type_bound(left, name, right, table_, looked_at_literal_) ||
      is_in_range(left, name, right, table_, looked_at_literal_))
    return true;
  // t.id < o.id tells a row from others.
  const bool differs = name == "<>" || name == "<" || name == ">";
  const bool compares = holds_of_itself || (differs && table_.twins.empty());
  if (compares && sums_alike(left, name, right, table_, looked_at_literal_)) return true;
  if ((name == "=" || name == ">=" || name == "<=") &&
      is_there_and_back(left, right, table_, looked_at_literal_))
    return true;
  if (each_outcome(left, name, right) || is_bound_of_truth(left, name, right)) return true;
  if (is_extreme_of(left, name, right) || (name == "^@" && alike(left, right))) return true;
  if (name == ">=" && is_any_size(left, right, looked_at_literal_)) return true;
  if (name == ">=" && is_any_magnitude(left, right)) return true;
  if ((name == ">=" || name == ">") && is_before_all(left, right)) return true;
  if (name == ">=" && field(right, "A_Const")) {
    looked_at_literal_ = true;
    if (is_empty_text(right)) return true;
  }
  // x < x + 1: whatever it is compared with, it says nothing of the row.
  if (name != "=" && moved(left, right)) return true;
  return (name == "~" || name == "~*") && matches_all(right, looked_at_literal_);
}

bool Extent::other_all(const Node& left, std::string_view kind, std::string_view name,
                       const Node& right) {
  const auto array = field(right, "A_ArrayExpr");
  if (kind == "AEXPR_OP_ALL")
    return is_empty_list(right, looked_at_literal_) ||
           (array && listed_all(left, name, *array, "elements", true));
  if (kind == "AEXPR_DISTINCT") {
    return (is_null_constant(right) && always_filled(left, table_)) ||
           (is_null_constant(left) && always_filled(right, table_));
  }
  if (kind == "AEXPR_NOT_DISTINCT")
    return alike(left, right) || sums_alike(left, "=", right, table_, looked_at_literal_) ||
           is_there_and_back(left, right, table_, looked_at_literal_);
  const auto list = field(right, "List");
  // Between itself and something, in whatever order.
  if (kind == "AEXPR_BETWEEN_SYM" && list && any_alike(*list, "items", left, false)) return true;
  if (kind == "AEXPR_BETWEEN" || kind == "AEXPR_BETWEEN_SYM")
    return list && lies_between(left, *list);
  if (kind == "AEXPR_OP_ANY" && name == "=") {
    if (field(right, "SubLink")) return is_of_all(left, name, right);
    if (gathers_all(left, right)) return true;
    return (array && any_alike(*array, "elements", left, false)) || is_put_into(left, right);
  }
  if (kind == "AEXPR_OP_ANY") return array && listed_all(left, name, *array, "elements", false);
  if (kind == "AEXPR_IN" && name == "<>")
    return list && listed_all(left, name, *list, "items", true);
  if ((kind == "AEXPR_LIKE" && name == "~~") || (kind == "AEXPR_ILIKE" && name == "~~*") ||
      (kind == "AEXPR_SIMILAR" && name == "~"))
    return is_percent(right, looked_at_literal_) || has_itself(left, right);
  return kind == "AEXPR_IN" && name == "=" && list &&
         (any_alike(*list, "items", left, false) || names_both(left, *list) ||
          lists_outcomes(left, *list) || has_all_outcomes(left, *list, looked_at_literal_));
}

bool Extent::listed_all(const Node& left, std::string_view name, const Node& list,
                        std::string_view field_name, bool every) {
  const std::string_view turned = commuted(name);
  size_t count = 0, found = 0;
  for_each(list, field_name, [&](const Node& item) {
    ++count;
    if (operated_all(left, name, item) || (!turned.empty() && operated_all(item, turned, left)))
      ++found;
  });
  return every ? count > 0 && found == count : found > 0;
}

bool Extent::same_for_all(const Node& node) { return !tells(node, table_, looked_at_literal_); }

/// x LIKE x || '%'
bool Extent::has_itself(const Node& value, const Node& pattern) {
  const auto joined = field(pattern, "A_Expr");
  if (!joined || operator_name(*joined) != "||") return alike(value, pattern);
  bool itself = false;
  for (const char* side : {"lexpr", "rexpr"}) {
    const auto part = field(*joined, side);
    itself = itself || (part && has_itself(value, *part));
  }
  return itself;
}

/// greatest(x, y) >= x, least(x, y) <= x, abs(x) >= x, ARRAY[x] <@ ARRAY[x, y].
bool Extent::is_extreme_of(const Node& left, std::string_view name, const Node& right) {
  if (const auto list = field(left, "MinMaxExpr")) {
    const bool greatest = text_field(*list, "op") == "IS_GREATEST";
    if (name != (greatest ? ">=" : "<=")) return false;
    const auto other = field(right, "MinMaxExpr");
    if (!other || text_field(*other, "op") == text_field(*list, "op"))
      return any_alike(*list, "args", right, false);
    bool found = false;
    for_each(*other, "args",
             [&](const Node& item) { found = found || any_alike(*list, "args", item, false); });
    return found;
  }
  if (const auto number = only_argument(left, "floor"))
    return name == "<=" && alike(*number, right);
  for (const char* function : {"ceil", "ceiling"})
    if (const auto number = only_argument(left, function))
      return name == ">=" && alike(*number, right);
  if (const auto number = only_argument(left, "abs")) return name == ">=" && alike(*number, right);
  const auto one = field(left, "A_ArrayExpr"), other = field(right, "A_ArrayExpr");
  if (!one || !other || (name != "<@" && name != "&&")) return false;
  size_t found = 0, count = 0;
  for_each(*one, "elements", [&](const Node& item) {
    ++count;
    if (any_alike(*other, "elements", item, false)) ++found;
  });
  return name == "<@" ? found == count : found > 0;
}

/// x::text !~ '^$', x::text NOT LIKE '', t::text LIKE '(%', x::text ~ '[0-9]'.
bool Extent::written_out_matches(const Node& left, std::string_view kind, std::string_view name,
                                 const Node& right) {
  if (!is_written_out(left, table_)) return false;
  const bool pattern = kind == "AEXPR_LIKE" || kind == "AEXPR_ILIKE" || kind == "AEXPR_SIMILAR";
  if (!pattern && kind != "AEXPR_OP") return false;
  if (name == "!~" || name == "!~*" || name == "!~~" || name == "!~~*")
    return matches_empty_only(name, right, looked_at_literal_);
  const bool regular = name == "~" || name == "~*";
  const bool like = name == "~~" || name == "~~*";
  return (regular || like) &&
         matches_any_written(name, pattern_of(right), kind == "AEXPR_SIMILAR", looked_at_literal_);
}

/// x::text <> '' and length(x::text) > 0 of a number, a date and their like; length(x::text) < 100.
bool Extent::has_text(const Node& left, std::string_view name, const Node& right) {
  if (name == "=" || name == "@>" || name == "<@") return false;
  const auto call = field(left, "FuncCall");
  std::optional<Node> text = left;
  const auto joined = field(left, "A_Expr");  // '' || x
  if (joined && operator_name(*joined) == "||") {
    const auto before = field(*joined, "lexpr"), after = field(*joined, "rexpr");
    if (before && after) text = is_empty_text(*before) ? after : before;
  }
  if (call) for_each(*call, "args", [&](const Node& argument) { text = argument; });
  if (!is_written_out(*text, table_)) return false;
  looked_at_literal_ = true;
  int64_t size = 0;
  if (!call) return (name == ">" || name == ">=" || name == "<>") && is_empty_text(right);
  if (!is_length(left) || !whole_number(right, size)) return false;
  if (name == "<" || name == "<=") {
    const int64_t bits = name_in(*call, "funcname").name == "bit_length" ? 8 : 1;
    const int64_t most = longest_written(*text, table_) * bits;
    return most > 0 && size >= most + (name == "<" ? 1 : 0);
  }
  return size == (name == ">=" ? 1 : 0);
}

/// A value compared with itself and something more.
bool Extent::moved(const Node& a, const Node& b) {
  const PlainValue left = plain_value(a, table_), right = plain_value(b, table_);
  if (!left.by_literals && !right.by_literals) return false;
  if (!reads_row(left.value) || !same_value(left.value, right.value)) return false;
  looked_at_literal_ = true;
  return left.unchanged != right.unchanged;
}

/// x BETWEEN what is never above it AND what is never below it.
bool Extent::lies_between(const Node& value, const Node& ends) {
  size_t end = 0;
  bool between = true;
  for_each(ends, "items", [&](const Node& item) {
    between = between && (alike(value, item) || operated_all(value, end == 0 ? ">=" : "<=", item));
    ++end;
  });
  return between && end == 2;
}

/// x IN (true, false), of what is never NULL.
bool Extent::names_both(const Node& value, const Node& list) {
  bool yes = false, no = false;
  for_each(list, "items", [&](const Node& item) {
    yes = yes || is_boolean(item, true);
    no = no || is_boolean(item, false);
  });
  return yes && no && never_null(value, table_);
}

/// x <> x and its like: true of no row.
bool Extent::compared_none(const Node& expression) {
  const auto left = field(expression, "lexpr");
  const auto right = field(expression, "rexpr");
  if (!left || !right) return false;
  const std::string_view kind = text_field(expression, "kind");
  const std::string_view name = operator_name(expression);
  const bool differs = kind == "AEXPR_OP" && (name == "<>" || name == "<" || name == ">");
  if (kind == "AEXPR_OP_ANY") return is_empty_list(*right, looked_at_literal_);
  const auto list = field(*right, "List"), array = field(*right, "A_ArrayExpr");
  if (kind == "AEXPR_IN" && name == "<>") return list && any_alike(*list, "items", *left, false);
  if (kind == "AEXPR_OP_ALL" && name == "<>")
    return array && any_alike(*array, "elements", *left, false);
  if (kind == "AEXPR_NOT_DISTINCT" && (is_null_constant(*left) || is_null_constant(*right)))
    return never_null(is_null_constant(*left) ? *right : *left, table_);
  return (differs || kind == "AEXPR_DISTINCT") && alike(*left, *right);
}

bool Extent::is_null(const Node& test, std::string_view kind) {
  const auto argument = field(test, "arg");
  if (!argument || text_field(test, "nulltesttype") != kind) return false;
  // Sums and casts of what is not NULL are not either.
  const Node value = plain_value(*argument, table_).value;
  return kind == "IS_NULL" ? never_null(value, table_) : always_filled(value, table_);
}

bool Extent::is_boolean(const Node& node, bool which) {
  const auto constant = field(node, "A_Const");
  const auto boolean = constant ? field(*constant, "boolval") : std::nullopt;
  return boolean && bool_field(*boolean, "boolval") == which;
}

bool Extent::is_null_constant(const Node& node) {
  const auto constant = field(node, "A_Const");
  return constant && bool_field(*constant, "isnull");
}

std::vector<Node> Extent::arms_of(const Node& boolean) {
  std::vector<Node> arms;
  for_each(boolean, "args", [&](const Node& arm) { arms.push_back(arm); });
  return arms;
}

bool always_true(const Node& condition, const Picked& table, bool& looked_at_literal,
                 bool plain_equals) {
  return Extent(table, looked_at_literal, plain_equals).all(condition);
}

}  // namespace sluice::sql
