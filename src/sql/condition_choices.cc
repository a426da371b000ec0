// Conditions that are put together of truths and choices: CASE, IS TRUE, nullif, calls in place of
// operators.
#include <algorithm>
#include <utility>

#include "sql/condition.h"
#include "sql/condition_forms.h"
#include "sql/extent.h"
#include "sql/names.h"
#include "sql/telling.h"

namespace sluice::sql {

bool Extent::equals_boolean(const Node& comparison) {
  if (text_field(comparison, "kind") != "AEXPR_OP" || operator_name(comparison) != "=")
    return false;
  const auto left = field(comparison, "lexpr"), right = field(comparison, "rexpr");
  if (!left || !right) return false;
  return (is_boolean(*right, true) && all(*left)) || (is_boolean(*left, true) && all(*right)) ||
         (is_boolean(*right, false) && none(*left)) || (is_boolean(*left, false) && none(*right));
}

bool Extent::tested(const Node& test) {
  const auto argument = field(test, "arg");
  if (!argument) return false;
  const std::string_view kind = text_field(test, "booltesttype");
  if (kind == "IS_TRUE" || kind == "IS_NOT_FALSE") return all(*argument);
  if (kind == "IS_NOT_UNKNOWN") return never_null(*argument, table_);
  return (kind == "IS_FALSE" || kind == "IS_NOT_TRUE") && none(*argument);
}

/// x IS TRUE OR x IS FALSE, of what is never NULL; x IS TRUE OR x IS NOT TRUE; x OR x IS NOT TRUE.
bool Extent::tests_both(const std::vector<Node>& arms) {
  constexpr std::pair<std::string_view, std::string_view> kPairs[] = {
      {"IS_TRUE", "IS_FALSE"},
      {"IS_TRUE", "IS_NOT_TRUE"},
      {"IS_FALSE", "IS_NOT_FALSE"},
      {"IS_UNKNOWN", "IS_NOT_UNKNOWN"}};
  constexpr size_t kMost = 64;
  const size_t count = std::min(arms.size(), kMost);
  for (size_t i = 0; i < count; ++i) {
    const auto a = field(arms[i], "BooleanTest");
    const auto value = a ? field(*a, "arg") : arms[i];
    const std::string_view tested = a ? text_field(*a, "booltesttype") : "IS_TRUE";
    for (size_t j = 0; value && j < count; ++j) {
      const auto b = field(arms[j], "BooleanTest");
      const auto other = b ? field(*b, "arg") : std::nullopt;
      if (!other || i == j || !same(*value, *other, looked_at_literal_)) continue;
      for (const auto& [first, second] : kPairs) {
        if (tested == first && text_field(*b, "booltesttype") == second &&
            (second != "IS_FALSE" || never_null(*value, table_)))
          return true;
      }
    }
  }
  return false;
}

bool Extent::always_met(const Node& condition) {
  if (is_boolean(condition, true)) return true;
  if (const auto test = field(condition, "NullTest")) return is_null(*test, "IS_NOT_NULL");
  const auto comparison = field(condition, "A_Expr");
  if (!comparison || text_field(*comparison, "kind") != "AEXPR_OP") return false;
  const auto left = field(*comparison, "lexpr"), right = field(*comparison, "rexpr");
  const std::string_view name = operator_name(*comparison);
  return left && right && (name == "=" || name == "<=" || name == ">=") &&
         (field(*left, "A_Const") || column_of(*left, table_)) &&
         same(*left, *right, looked_at_literal_);
}

bool Extent::never_met(const Node& condition) {
  if (is_never(condition, looked_at_literal_, plain_equals_)) return true;
  const auto test = field(condition, "NullTest");
  return test && is_null(*test, "IS_NULL");
}

std::optional<std::vector<Node>> Extent::outcomes_of(const Node& node) {
  const auto choice = field(node, "CaseExpr");
  if (!choice) return std::nullopt;
  const auto value = field(*choice, "arg"), other = field(*choice, "defresult");
  std::vector<Node> outcomes, conditions;
  bool settled = false, whole = true;
  for_each(*choice, "args", [&](const Node& wrapper) {
    const auto when = field(wrapper, "CaseWhen");
    const auto result = when ? field(*when, "result") : std::nullopt;
    const auto condition = when ? field(*when, "expr") : std::nullopt;
    whole = whole && result && condition;
    if (settled || !whole || (!value && never_met(*condition))) return;
    outcomes.push_back(*result);
    conditions.push_back(*condition);
    settled = value ? alike(*value, *condition) : always_met(*condition);
  });
  if (!whole) return std::nullopt;
  if (settled) return outcomes;
  if (other) {
    outcomes.push_back(*other);
    return outcomes;
  }
  // CASE WHEN p THEN … WHEN NOT p THEN …
  const bool all_taken = !value && has_complements(conditions, looked_at_literal_);
  return all_taken ? std::optional(std::move(outcomes)) : std::nullopt;
}

bool Extent::every_choice(const Node& node) {
  const auto outcomes = outcomes_of(node);
  return outcomes && !outcomes->empty() &&
         std::all_of(outcomes->begin(), outcomes->end(),
                     [&](const Node& outcome) { return all(outcome); });
}

bool Extent::each_outcome(const Node& left, std::string_view name, const Node& right) {
  const auto outcomes = outcomes_of(left);
  int64_t bound = 0;
  if (!outcomes || outcomes->empty()) return false;
  const bool number = whole_number(right, bound) && bound != 0;  // -1 is written as 0 in the tree.
  return std::all_of(outcomes->begin(), outcomes->end(), [&](const Node& outcome) {
    int64_t value = 0;
    if (!whole_number(outcome, value)) return operated_all(outcome, name, right);
    looked_at_literal_ = true;
    if (value > 0 && whole_number(right, bound) && bound == 0)
      return name == ">" || name == ">=" || name == "<>";
    if (!number || value == 0) return false;
    if (name == "=") return value == bound;
    if (name == "<>") return value != bound;
    if (name == "<") return value < bound;
    if (name == "<=") return value <= bound;
    return name == ">" ? value > bound : name == ">=" && value >= bound;
  });
}

bool Extent::lists_outcomes(const Node& value, const Node& list) {
  const auto outcomes = outcomes_of(value);
  return outcomes && !outcomes->empty() &&
         std::all_of(outcomes->begin(), outcomes->end(),
                     [&](const Node& outcome) { return any_alike(list, "items", outcome, false); });
}

bool Extent::is_unchanged(const Node& expression) {
  const auto left = field(expression, "lexpr"), right = field(expression, "rexpr");
  if (text_field(expression, "kind") != "AEXPR_NULLIF" || !left || !right || !all(*left))
    return false;
  return is_boolean(*right, false) || is_null_constant(*right) || none(*right);
}

bool Extent::called_all(const Node& call) {
  const std::string_view name = name_in(call, "funcname").name;
  std::vector<Node> arguments;
  for_each(call, "args", [&](const Node& argument) { arguments.push_back(argument); });
  if (arguments.size() != 2) return false;
  if (name == "textlike")
    return is_percent(arguments[1], looked_at_literal_) ||
           written_out_matches(arguments[0], "AEXPR_LIKE", "~~", arguments[1]);
  return (name == "regexp_like" || name == "textregexeq") &&
         (matches_all(arguments[1], looked_at_literal_) ||
          written_out_matches(arguments[0], "AEXPR_OP", "~", arguments[1]));
}

bool Extent::is_put_into(const Node& value, const Node& array, int depth) {
  constexpr int kDeepest = 64;
  if (depth > kDeepest) return false;
  if (const auto list = field(array, "A_ArrayExpr"))
    return any_alike(*list, "elements", value, false);
  if (depth > 0 && alike(value, array)) return true;
  const auto joined = field(array, "A_Expr");
  if (joined && operator_name(*joined) == "||") {
    const auto left = field(*joined, "lexpr"), right = field(*joined, "rexpr");
    return (left && is_put_into(value, *left, depth + 1)) ||
           (right && is_put_into(value, *right, depth + 1));
  }
  const auto call = field(array, "FuncCall");
  const std::string_view name = call ? name_in(*call, "funcname").name : std::string_view();
  if (name != "array_append" && name != "array_prepend" && name != "array_cat") return false;
  bool found = false;
  for_each(*call, "args",
           [&](const Node& argument) { found = found || is_put_into(value, argument, depth + 1); });
  return found;
}

bool Extent::is_bound_of_truth(const Node& left, std::string_view name, const Node& right) {
  return ((name == "<=" && is_boolean(right, true)) ||
          (name == ">=" && is_boolean(right, false))) &&
         never_null(left, table_);
}

/// The first row of a table stands at (0,1).
bool Extent::is_before_all(const Node& left, const Node& right) {
  std::string_view place;
  if (own_name(left, table_) != "ctid" || !string_literal(right, place)) return false;
  looked_at_literal_ = true;
  return place == "(0,0)";
}

bool Extent::is_any_magnitude(const Node& value, const Node& bound) {
  int64_t number = 0;
  if (!whole_number(bound, number) || !is_never_below_zero(value, looked_at_literal_)) return false;
  looked_at_literal_ = true;
  return number == 0;
}

}  // namespace sluice::sql
