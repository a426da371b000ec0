#include "sql/condition.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "sql/condition_forms.h"
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

namespace {

/// Which rows of a table a condition takes, as far as its form tells.
class Extent {
 public:
  Extent(const Picked& table, bool& looked_at_literal, bool plain_equals)
      : table_(table), looked_at_literal_(looked_at_literal), plain_equals_(plain_equals) {}

  bool all(const Node& condition) {
    if (is_never(condition, looked_at_literal_, plain_equals_)) return false;
    if (!tells(condition, table_, looked_at_literal_)) return true;
    if (const auto comparison = field(condition, "A_Expr"))
      return compared_all(*comparison) || equals_boolean(*comparison);
    if (const auto test = field(condition, "NullTest")) return is_null(*test, "IS_NOT_NULL");
    if (const auto query = field(condition, "SubLink")) return is_among_all(*query);
    if (const auto test = field(condition, "BooleanTest")) return tested(*test);
    if (const auto choice = field(condition, "CaseExpr")) return every_choice(*choice);
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

 private:
  bool none(const Node& condition) {
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

  bool alike(const Node& a, const Node& b) {
    if (same(a, b, looked_at_literal_)) return true;
    const PlainValue left = plain_value(a, table_), right = plain_value(b, table_);
    looked_at_literal_ = looked_at_literal_ || left.kept_literals || right.kept_literals;
    if (!same_value(left.value, right.value)) return false;
    looked_at_literal_ = looked_at_literal_ || left.by_literals || right.by_literals;
    return left.unchanged && right.unchanged;
  }

  bool same_value(const Node& a, const Node& b) {
    const catalog::Column* column = column_of(a, table_);
    if (own_name(a, table_) == "ctid" && own_name(b, table_) == "ctid") return true;
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
    if (kind == "AEXPR_OP" && same_for_all(*left) && same_for_all(*right)) return true;
    const bool holds_of_itself =
        name == "=" || name == ">=" || name == "<=" || name == "@>" || name == "<@";
    if (kind == "AEXPR_OP" && always_holds(*left, name, *right, table_, looked_at_literal_))
      return true;
    if (kind == "AEXPR_OP" && (counts_itself(*left, name, *right))) return true;
    if (written_out_matches(*left, kind, name, *right)) return true;
    if (kind == "AEXPR_OP" && holds_of_itself &&
        (alike(*left, *right) || is_of_all(*left, name, *right)))
      return true;
    if (kind == "AEXPR_OP_ALL") return is_empty_list(*right, looked_at_literal_);
    if (kind == "AEXPR_OP" && name == ">=" && is_any_size(*left, *right, looked_at_literal_))
      return true;
    if (kind == "AEXPR_OP" &&
        (name == ">=" ? is_empty_text(*right) : name == "<=" && is_empty_text(*left))) {
      looked_at_literal_ = true;
      return true;
    }
    if (kind == "AEXPR_OP" && has_text(*left, name, *right)) return true;
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
      if (field(*right, "SubLink")) return is_of_all(*left, name, *right);
      const auto array = field(*right, "A_ArrayExpr");
      return array && any_alike(*array, "elements", *left, false);
    }
    if (kind == "AEXPR_NOT_DISTINCT") return alike(*left, *right);
    if ((kind == "AEXPR_LIKE" && name == "~~") || (kind == "AEXPR_ILIKE" && name == "~~*") ||
        (kind == "AEXPR_SIMILAR" && name == "~"))
      return is_percent(*right, looked_at_literal_);
    if (kind == "AEXPR_IN" && name == "=") {
      const auto list = field(*right, "List");
      return list && (any_alike(*list, "items", *left, false) || names_both(*left, *list) ||
                      has_all_outcomes(*left, *list, looked_at_literal_));
    }
    return false;
  }

  /// x = (SELECT x), x <= (SELECT max(x) FROM the same table), x = ANY (ARRAY(SELECT x FROM it)).
  bool is_of_all(const Node& value, std::string_view name, const Node& other) {
    const auto link = field(other, "SubLink");
    const auto query = link ? field(*link, "subselect") : std::nullopt;
    if (!query) return false;
    const std::string_view kind = text_field(*link, "subLinkType");
    if (kind == "ARRAY_SUBLINK") return selects_all(*query, value, table_);
    if (kind != "EXPR_SUBLINK") return false;
    if (const auto alone = selected_alone(*query)) return alike(value, *alone);
    if (name != "@>" && name != "<@" && is_own_extreme(value, *query)) return true;
    const std::string_view extreme = name == "<=" ? "max" : name == ">=" ? "min" : "";
    return !extreme.empty() && selects_all(*query, value, table_, extreme);
  }

  bool same_for_all(const Node& node) { return !tells(node, table_, looked_at_literal_); }

  /// x::text !~ '^$', x::text NOT LIKE '', t::text LIKE '(%', x::text ~ '[0-9]'.
  bool written_out_matches(const Node& left, std::string_view kind, std::string_view name,
                           const Node& right) {
    if (!is_written_out(left, table_)) return false;
    const bool pattern = kind == "AEXPR_LIKE" || kind == "AEXPR_ILIKE" || kind == "AEXPR_SIMILAR";
    if (!pattern && kind != "AEXPR_OP") return false;
    if (name == "!~" || name == "!~*" || name == "!~~" || name == "!~~*")
      return matches_empty_only(name, right, looked_at_literal_);
    const bool regular = name == "~" || name == "~*";
    const bool like = name == "~~" || name == "~~*";
    return (regular || like) && matches_any_written(name, pattern_of(right), looked_at_literal_);
  }

  /// (SELECT count(*) FROM the same table o WHERE o.x = t.x) > 0.
  bool counts_itself(const Node& left, std::string_view name, const Node& right) {
    const auto link = field(left, "SubLink");
    const auto query = link ? field(*link, "subselect") : std::nullopt;
    int64_t number = 0;
    if (!query || text_field(*link, "subLinkType") != "EXPR_SUBLINK" ||
        !whole_number(right, number) || !calls_alone(*query, {"count"}))
      return false;
    looked_at_literal_ = true;
    const bool some = name == ">=" ? number == 1 : (name == ">" || name == "<>") && number == 0;
    return some && finds_itself(*query);
  }

  /// Whether a query's only column is a call of one of these functions; sets its argument.
  static bool calls_alone(const Node& query, std::initializer_list<std::string_view> functions,
                          std::optional<Node>* argument = nullptr) {
    const auto select = field(query, "SelectStmt");
    size_t targets = 0;
    bool called = false;
    if (!select) return false;
    for_each(*select, "targetList", [&](const Node& wrapper) {
      ++targets;
      const auto target = field(wrapper, "ResTarget");
      const auto value = target ? field(*target, "val") : std::nullopt;
      const auto call = value ? field(*value, "FuncCall") : std::nullopt;
      if (!call || field(*call, "agg_filter")) return;
      const std::string_view name = name_in(*call, "funcname").name;
      called = std::find(functions.begin(), functions.end(), name) != functions.end();
      if (argument != nullptr) for_each(*call, "args", [&](const Node& item) { *argument = item; });
    });
    return called && targets == 1;
  }

  /// x = (SELECT max(o.x) FROM the same table o WHERE o.x = t.x)
  bool is_own_extreme(const Node& value, const Node& query) {
    std::optional<Node> argument;
    const auto select = field(query, "SelectStmt");
    const auto where = select ? field(*select, "whereClause") : std::nullopt;
    if (!where || !calls_alone(query, {"max", "min", "any_value"}, &argument) || !argument)
      return false;
    const std::string_view name = own_name(value, table_);
    const auto parts = parts_of(*argument);
    bool equal = false;
    const auto look = [&](const Node& arm) {
      const auto comparison = field(arm, "A_Expr");
      if (!comparison || operator_name(*comparison) != "=") return;
      bool both = true;
      for (const char* side : {"lexpr", "rexpr"}) {
        const auto one = field(*comparison, side);
        const auto names = one ? parts_of(*one) : std::vector<std::string_view>();
        both = both && !names.empty() && names.back() == name;
      }
      equal = equal || both;
    };
    const auto boolean = field(*where, "BoolExpr");
    if (boolean && text_field(*boolean, "boolop") == "AND_EXPR") for_each(*boolean, "args", look);
    look(*where);
    return equal && !name.empty() && !parts.empty() && parts.back() == name && finds_itself(query);
  }

  /// x::text <> '' and length(x::text) > 0 of a number, a date and their like.
  bool has_text(const Node& left, std::string_view name, const Node& right) {
    if (name != ">" && name != ">=" && name != "<>") return false;
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
    if (!call) return is_empty_text(right);
    return is_length(left) && whole_number(right, size) && size == (name == ">=" ? 1 : 0);
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
    if (kind == "AEXPR_OP_ANY") return is_empty_list(*right, looked_at_literal_);
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
    if (query && kind == "EXISTS_SUBLINK") return finds_itself(*query);
    if (!value || !query) return false;
    if (kind == "ALL_SUBLINK") return is_empty(*query);
    const std::string_view name = name_in(link, "operName").name;
    if (kind != "ANY_SUBLINK" || (!name.empty() && name != "=")) return false;
    const auto alone = selected_alone(*query);
    if (alone) return alike(*value, *alone);
    const auto select = field(*query, "SelectStmt");
    return selects_all(*query, *value, table_) ||
           (select && selects_each(*query, *value, table_) && takes_itself(*select));
  }

  /// EXISTS (SELECT … FROM the same table o WHERE o.x = t.x).
  bool finds_itself(const Node& query) {
    const auto select = field(query, "SelectStmt");
    if (!select || limits_rows(*select)) return false;
    for (const char* part : {"groupClause", "havingClause", "withClause", "valuesLists", "larg"})
      if (field(*select, part)) return false;
    return takes_itself(*select) || asks_nothing(*select);
  }

  /// EXISTS (SELECT … FROM another table WHERE t.x IS NOT NULL): nothing in it is about the row.
  bool asks_nothing(const Node& select) {
    const auto where = field(select, "whereClause");
    if (!where) return true;
    const auto boolean = field(*where, "BoolExpr");
    const bool several = boolean && text_field(*boolean, "boolop") == "AND_EXPR";
    const auto arms = several ? arms_of(*boolean) : std::vector<Node>{*where};
    return std::all_of(arms.begin(), arms.end(),
                       [&](const Node& arm) { return !mentions_row(arm) || all(arm); });
  }

  /// Whether a column that may be the table's stands in it.
  bool mentions_row(const Node& node) {
    if (field(node, "ColumnRef")) {
      const auto parts = parts_of(node);
      return parts.size() == 1 || !own_name(node, table_).empty() || is_whole_row(node, table_);
    }
    simdjson::dom::object object;
    simdjson::dom::array items;
    const auto mentions = [&](const Node& part) { return mentions_row(part); };
    if (node.get(items) == simdjson::SUCCESS)
      return std::any_of(items.begin(), items.end(), mentions);
    if (node.get(object) != simdjson::SUCCESS) return false;
    return std::any_of(object.begin(), object.end(),
                       [&](const auto& part) { return mentions_row(part.value); });
  }

  /// Whether a query over the same table alone, beside the row at hand, finds that row itself.
  bool takes_itself(const Node& select) {
    Picked with_twin = table_;
    size_t tables = 0;
    for_each(select, "fromClause", [&](const Node& wrapper) {
      ++tables;
      const std::string_view name = name_of_each_row(wrapper, table_);
      if (!name.empty()) with_twin.twins.push_back(name);
    });
    const auto where = field(select, "whereClause");
    return tables == 1 && with_twin.twins.size() > table_.twins.size() &&
           (!where || Extent(with_twin, looked_at_literal_, plain_equals_).all(*where));
  }

  /// x IN (SELECT … WHERE false).
  bool is_among_none(const Node& link) {
    const auto query = field(link, "subselect");
    const std::string_view kind = text_field(link, "subLinkType");
    return (kind == "ANY_SUBLINK" || kind == "EXISTS_SUBLINK") && query && is_empty(*query);
  }

  bool is_empty(const Node& query) {
    const auto select = field(query, "SelectStmt");
    const auto where = select ? field(*select, "whereClause") : std::nullopt;
    return where && takes_never(*where);
  }

  /// WHERE … AND false
  bool takes_never(const Node& where) {
    if (is_never(where, looked_at_literal_, plain_equals_)) return true;
    const auto boolean = field(where, "BoolExpr");
    if (!boolean || text_field(*boolean, "boolop") != "AND_EXPR") return false;
    const auto arms = arms_of(*boolean);
    return std::any_of(arms.begin(), arms.end(), [&](const Node& arm) { return takes_never(arm); });
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
    const auto value = field(choice, "arg"), other = field(choice, "defresult");
    bool every = true;
    std::vector<Node> conditions;
    for_each(choice, "args", [&](const Node& wrapper) {
      const auto when = field(wrapper, "CaseWhen");
      const auto result = when ? field(*when, "result") : std::nullopt;
      const auto condition = when ? field(*when, "expr") : std::nullopt;
      if (condition) conditions.push_back(*condition);
      every = every && result && all(*result);
    });
    if (!every || conditions.empty()) return false;
    if (other && all(*other)) return true;
    // CASE x WHEN x THEN …, CASE WHEN p THEN … WHEN NOT p THEN …
    return value ? alike(*value, conditions.front())
                 : has_complements(conditions, looked_at_literal_);
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
