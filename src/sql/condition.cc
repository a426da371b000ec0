#include "sql/condition.h"

#include <algorithm>
#include <vector>

namespace sluice::sql {
namespace {

/// Whether anything under `node` looks at the row.
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

bool whole_number(const Node& node, int64_t& out) {
  const auto constant = field(node, "A_Const");
  const auto value = constant ? field(*constant, "ival") : std::nullopt;
  if (!value) return false;
  // 0 is left out of the tree.
  const auto found = field(*value, "ival");
  return !found || found->get(out) == simdjson::SUCCESS;
}

/// Two different whole numbers: programs write 1 = 0 for an empty list.
bool differ(const Node& left, const Node& right, bool& looked_at_literal) {
  int64_t a = 0, b = 0;
  if (!whole_number(left, a) || !whole_number(right, b)) return false;
  looked_at_literal = true;
  return a != b;
}

std::string_view operator_name(const Node& expression) {
  std::string_view name;
  size_t parts = 0;
  for_each(expression, "name", [&](const Node& part) {
    ++parts;
    if (const auto text = field(part, "String")) name = text_field(*text, "sval");
  });
  return parts == 1 ? name : std::string_view();
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

bool is_percent(const Node& node, bool& looked_at_literal) {
  const auto constant = field(node, "A_Const");
  if (!constant) return false;
  looked_at_literal = true;
  const auto value = field(*constant, "sval");
  return value && !text_field(*value, "sval").empty() &&
         text_field(*value, "sval").find_first_not_of('%') == std::string_view::npos;
}

bool comparison_always_true(const Node& expression, bool& looked_at_literal) {
  const auto left = field(expression, "lexpr");
  const auto right = field(expression, "rexpr");
  if (!left || !right) return false;
  const std::string_view kind = text_field(expression, "kind");
  const std::string_view name = operator_name(expression);
  if (kind == "AEXPR_OP" && (name == "=" || name == ">=" || name == "<="))
    return same(*left, *right, looked_at_literal);
  if (kind == "AEXPR_NOT_DISTINCT") return same(*left, *right, looked_at_literal);
  if ((kind == "AEXPR_LIKE" && name == "~~") || (kind == "AEXPR_ILIKE" && name == "~~*")) {
    return is_percent(*right, looked_at_literal);
  }
  if (kind == "AEXPR_IN" && name == "=") {
    bool found = false;
    if (const auto list = field(*right, "List")) {
      for_each(*list, "items",
               [&](const Node& item) { found = found || same(*left, item, looked_at_literal); });
    }
    return found;
  }
  return false;
}

/// x IS NULL beside x IS NOT NULL.
bool has_complements(const std::vector<Node>& arms, bool& looked_at_literal) {
  for (const Node& a : arms) {
    const auto first = field(a, "NullTest");
    if (!first || text_field(*first, "nulltesttype") != "IS_NULL") continue;
    for (const Node& b : arms) {
      const auto second = field(b, "NullTest");
      if (second && text_field(*second, "nulltesttype") == "IS_NOT_NULL" &&
          same(*field(*first, "arg"), *field(*second, "arg"), looked_at_literal)) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

bool always_true(const Node& condition, bool& looked_at_literal, bool plain_equals) {
  if (is_never(condition, looked_at_literal, plain_equals)) return false;
  if (!reads_row(condition)) return true;
  if (const auto comparison = field(condition, "A_Expr")) {
    return comparison_always_true(*comparison, looked_at_literal);
  }
  const auto holds = [&](const Node& arm) {
    return always_true(arm, looked_at_literal, plain_equals);
  };
  const auto boolean = field(condition, "BoolExpr");
  if (!boolean) return false;
  std::vector<Node> arms;
  for_each(*boolean, "args", [&](const Node& arm) { arms.push_back(arm); });
  const std::string_view op = text_field(*boolean, "boolop");
  if (op == "AND_EXPR") return std::all_of(arms.begin(), arms.end(), holds);
  if (op == "OR_EXPR") {
    return std::any_of(arms.begin(), arms.end(), holds) || has_complements(arms, looked_at_literal);
  }
  return false;
}

}  // namespace sluice::sql
