#include "facts_json.h"

#include <boost/json/array.hpp>

namespace sluice::tools {

namespace {

namespace json = boost::json;

template <typename T, typename Make>
json::array list(const std::vector<T>& items, Make make) {
  json::array out;
  for (const T& item : items) out.emplace_back(make(item));
  return out;
}

json::object target_json(const sql::Object& object) {
  return {{"oid", object.oid},
          {"schema", object.schema},
          {"name", object.name},
          {"kind", std::string(1, static_cast<char>(object.kind))},
          {"temporary", object.temporary},
          {"reached", object.reached}};
}

json::object action_json(const sql::Action& action) {
  return {{"kind", sql::name_of(action.kind)},
          {"object_kind", action.object_kind},
          {"targets", list(action.targets, target_json)},
          {"without_where", action.without_where},
          {"cascade", action.cascade},
          {"lock", sql::name_of(action.lock)}};
}

json::object source_json(const sql::Source& source) {
  return {{"relation", source.column.relation},
          {"column", source.column.column},
          {"as_is", source.as_is},
          {"functions", json::array(source.functions.begin(), source.functions.end())}};
}

json::object output_json(const sql::OutputColumn& column) {
  return {{"name", column.name},
          {"sources", list(column.sources, source_json)},
          {"unknown", column.unknown}};
}

json::object used_json(const sql::UsedColumn& used) {
  return {{"relation", used.column.relation}, {"column", used.column.column}, {"uses", used.uses}};
}

json::object written_json(const sql::WrittenColumn& written) {
  return {{"relation", written.target.relation},
          {"column", written.target.column},
          {"sources", list(written.sources, source_json)}};
}

json::object function_json(const sql::FunctionUse& use) {
  return {{"oid", use.oid},
          {"schema", use.schema},
          {"name", use.name},
          {"volatility", std::string(1, use.volatility)},
          {"risk", sql::name_of(use.risk)},
          {"reached", use.reached}};
}

}  // namespace

json::object to_json(const sql::StatementFacts& facts) {
  return {{"kind", facts.kind},
          {"unanalysable", facts.unanalysable},
          {"unresolved", facts.unresolved},
          {"tables", json::array(facts.tables.begin(), facts.tables.end())},
          {"actions", list(facts.actions, action_json)},
          {"output", list(facts.output, output_json)},
          {"columns", list(facts.columns, used_json)},
          {"written", list(facts.written, written_json)},
          {"functions", list(facts.functions, function_json)},
          {"dynamic_sql", facts.dynamic_sql},
          {"has_limit", facts.has_limit},
          {"cartesian", facts.cartesian},
          {"writes", facts.writes},
          {"schema_change", facts.schema_change},
          {"temporary_change", facts.temporary_change},
          {"may_change_settings", facts.may_change_settings},
          {"outside_transaction", facts.outside_transaction}};
}

}  // namespace sluice::tools
