// Conditions that ask a query: whether it finds the row itself, or says nothing of it.
#include <algorithm>

#include "sql/condition.h"
#include "sql/condition_forms.h"
#include "sql/condition_sides.h"
#include "sql/extent.h"
#include "sql/names.h"
#include "sql/telling.h"

namespace sluice::sql {

/// x = (SELECT x), x <= (SELECT max(x) FROM the same table), x = ANY (ARRAY(SELECT x FROM it)).
bool Extent::is_of_all(const Node& value, std::string_view name, const Node& other) {
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

/// (SELECT count(*) FROM the same table o WHERE o.x = t.x) > 0.
bool Extent::counts_itself(const Node& left, std::string_view name, const Node& right) {
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
bool Extent::calls_alone(const Node& query, std::initializer_list<std::string_view> functions,
                         std::optional<Node>* argument) {
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
bool Extent::is_own_extreme(const Node& value, const Node& query) {
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

/// x IN (SELECT x FROM the same table), x <> ALL (SELECT … WHERE false).
bool Extent::is_among_all(const Node& link) {
  const auto value = field(link, "testexpr"), query = field(link, "subselect");
  const std::string_view kind = text_field(link, "subLinkType");
  if (query && kind == "EXISTS_SUBLINK") return finds_itself(*query);
  if (query && kind == "EXPR_SUBLINK") return yields_all(*query);
  if (!value || !query) return false;
  const std::string_view name = name_in(link, "operName").name;
  if (is_end_of_all(*value, name, *query, kind == "ANY_SUBLINK")) return true;
  if (kind == "ALL_SUBLINK") {
    const auto alone = selected_alone(*query);
    return is_empty(*query) || (alone && operated_all(*value, name, *alone));
  }
  if (kind != "ANY_SUBLINK" || (!name.empty() && name != "=")) return false;
  const auto alone = selected_alone(*query);
  if (alone)
    return alike(*value, *alone) || is_there_and_back(*value, *alone, table_, looked_at_literal_);
  const auto select = field(*query, "SelectStmt");
  if (yields_same_column(*value, *query, table_)) return true;
  return selects_all(*query, *value, table_) || selects_all(*query, *value, table_, "array_agg") ||
         (select && selects_each(*query, *value, table_) && takes_itself(*select));
}

bool Extent::is_end_of_all(const Node& value, std::string_view name, const Node& query, bool any) {
  if (name != ">=" && name != "<=") return false;
  return (any && selects_all(query, value, table_)) ||
         selects_all(query, value, table_, name == ">=" ? "min" : "max");
}

bool Extent::gathers_all(const Node& value, const Node& array) {
  const auto cast = field(array, "TypeCast");
  if (const auto inner = cast ? field(*cast, "arg") : std::nullopt)
    return gathers_all(value, *inner);
  const auto link = field(array, "SubLink");
  const auto query = link ? field(*link, "subselect") : std::nullopt;
  return query && (selects_all(*query, value, table_, "array_agg") ||
                   (text_field(*link, "subLinkType") == "ARRAY_SUBLINK" &&
                    selects_all(*query, value, table_)));
}

/// (SELECT true FROM the same table o WHERE o.x = t.x)
bool Extent::yields_all(const Node& query) {
  const auto select = field(query, "SelectStmt");
  size_t targets = 0;
  bool every = select.has_value();
  if (select) {
    for_each(*select, "targetList", [&](const Node& wrapper) {
      ++targets;
      const auto target = field(wrapper, "ResTarget");
      auto value = target ? field(*target, "val") : std::nullopt;
      for (const char* aggregate : {"bool_and", "bool_or", "every"}) {
        const auto inner = value ? only_argument(*value, aggregate) : std::nullopt;
        if (inner) value = inner;
      }
      // count(*) > 1 names no column, and tells rows apart.
      every = every && value && (is_boolean(*value, true) || (reads_row(*value) && all(*value)));
    });
  }
  return every && targets == 1 && finds_itself(query);
}

/// EXISTS (SELECT … FROM the same table o WHERE o.x = t.x).
bool Extent::finds_itself(const Node& query) {
  const auto select = field(query, "SelectStmt");
  if (!select || limits_rows(*select, table_)) return false;
  for (const char* part : {"groupClause", "havingClause", "withClause", "valuesLists", "larg"})
    if (field(*select, part)) return false;
  return takes_itself(*select) || asks_nothing(*select);
}

/// EXISTS (SELECT … FROM another table WHERE t.x IS NOT NULL): nothing in it is about the row.
bool Extent::asks_nothing(const Node& select) {
  const auto where = field(select, "whereClause");
  if (!where) return true;
  const auto boolean = field(*where, "BoolExpr");
  const bool several = boolean && text_field(*boolean, "boolop") == "AND_EXPR";
  const auto arms = several ? arms_of(*boolean) : std::vector<Node>{*where};
  return std::all_of(arms.begin(), arms.end(),
                     [&](const Node& arm) { return !mentions_row(arm) || all(arm); });
}

/// Whether a column that may be the table's stands in it.
bool Extent::mentions_row(const Node& node) {
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
bool Extent::takes_itself(const Node& select) {
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
bool Extent::is_among_none(const Node& link) {
  const auto query = field(link, "subselect");
  const std::string_view kind = text_field(link, "subLinkType");
  return (kind == "ANY_SUBLINK" || kind == "EXISTS_SUBLINK") && query && is_empty(*query);
}

bool Extent::is_empty(const Node& query) {
  const auto select = field(query, "SelectStmt");
  const auto where = select ? field(*select, "whereClause") : std::nullopt;
  return where && takes_never(*where);
}

/// WHERE … AND false
bool Extent::takes_never(const Node& where) {
  if (is_never(where, looked_at_literal_, plain_equals_)) return true;
  const auto boolean = field(where, "BoolExpr");
  if (!boolean || text_field(*boolean, "boolop") != "AND_EXPR") return false;
  const auto arms = arms_of(*boolean);
  return std::any_of(arms.begin(), arms.end(), [&](const Node& arm) { return takes_never(arm); });
}

}  // namespace sluice::sql
