#include "sql/acting.h"

#include <algorithm>
#include <iterator>

#include "sql/names.h"
#include "sql/picked.h"

namespace sluice::sql {
namespace {

bool only_compares(std::string_view name) {
  constexpr std::string_view kNames[] = {
      "=", "<>", "<", ">", "<=", ">=", "||", "->", "->>", "#>", "#>>"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

/// A literal as a text, a number, …: whether it is one is known before anything runs.
bool is_plain_cast(const Node& cast) {
  const auto argument = field(cast, "arg");
  const auto type = field(cast, "typeName");
  if (!argument || !type) return false;
  const std::string_view name = name_in(*type, "names").name;
  const bool literal = field(*argument, "A_Const").has_value();
  return literal || name == "text" || name == "varchar" || name == "bpchar";
}

bool by_itself(std::string_view kind, const Node& body) {
  if (kind == "SubLink" || kind == "CurrentOfExpr" || kind == "XmlExpr") return true;
  if (kind == "TypeCast") return !is_plain_cast(body);
  if (kind == "FuncCall") {
    const Name name = name_in(body, "funcname");
    const bool own = !name.schema.empty() && name.schema != "pg_catalog";
    return own || !only_returns(name.name);
  }
  if (kind != "A_Expr") return false;
  const std::string_view what = text_field(body, "kind");
  const bool plain = what == "AEXPR_OP" || what == "AEXPR_IN" || what == "AEXPR_NOT_DISTINCT" ||
                     what == "AEXPR_DISTINCT" || what == "AEXPR_NULLIF" ||
                     what.starts_with("AEXPR_BETWEEN") || what.starts_with("AEXPR_NOT_BETWEEN");
  const std::string_view name = operator_name(body);
  return !plain || !(only_compares(name) || name == "BETWEEN" || name == "NOT BETWEEN" ||
                     name.starts_with("BETWEEN") || name.starts_with("NOT BETWEEN"));
}

}  // namespace

bool only_returns(std::string_view name) {
  constexpr std::string_view kNames[] = {
      "lower",   "upper", "initcap",      "concat", "concat_ws", "btrim",
      "ltrim",   "rtrim", "left",         "right",  "length",    "char_length",
      "reverse", "md5",   "octet_length", "count",  "now",       "coalesce"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

bool compares_rows_that_act(const std::vector<Node>& sides) {
  const auto is_row = [](const Node& side) { return field(side, "RowExpr").has_value(); };
  return std::any_of(sides.begin(), sides.end(), is_row) &&
         std::any_of(sides.begin(), sides.end(), acts);
}

bool acts(const Node& expression) {
  simdjson::dom::array items;
  if (expression.get(items) == simdjson::SUCCESS)
    return std::any_of(items.begin(), items.end(), [](const Node item) { return acts(item); });
  simdjson::dom::object object;
  if (expression.get(object) != simdjson::SUCCESS) return false;
  return std::any_of(object.begin(), object.end(), [](const auto member) {
    return by_itself(member.key, member.value) || acts(member.value);
  });
}

bool any_acts(const Node& body, std::string_view list) {
  bool found = false;
  for_each(body, list, [&](const Node& item) { found = found || acts(item); });
  return found;
}

}  // namespace sluice::sql
