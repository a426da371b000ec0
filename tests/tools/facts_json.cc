#include "facts_json.h"

#include <boost/json/array.hpp>

namespace sluice::tools {
namespace {

namespace json = boost::json;
using namespace sql;

json::object to_json(ColumnRef ref, const catalog::Catalog& catalog) {
  json::object out{{"relation", ref.relation}, {"number", ref.column}};
  if (const auto* relation = catalog.relation(ref.relation)) {
    out["table"] = relation->qualified_name();
    if (const auto* column = relation->column(ref.column)) out["name"] = column->name;
  }
  return out;
}

json::array to_json(const std::vector<Source>& sources, const catalog::Catalog& catalog) {
  json::array out;
  for (const Source& source : sources) {
    json::object one = to_json(source.column, catalog);
    one["as_is"] = source.as_is;
    one["functions"] = json::array(source.functions.begin(), source.functions.end());
    out.push_back(std::move(one));
  }
  return out;
}

json::object to_json(const Action& action) {
  json::array targets;
  for (const Object& target : action.targets) {
    targets.push_back({{"oid", target.oid},
                       {"name", target.display()},
                       {"kind", std::string(1, static_cast<char>(target.kind))},
                       {"temporary", target.temporary},
                       {"reached", target.reached}});
  }
  return {{"kind", name_of(action.kind)},  {"object_kind", action.object_kind},
          {"targets", std::move(targets)}, {"without_where", action.without_where},
          {"cascade", action.cascade},     {"lock", name_of(action.lock)}};
}

json::array uses_of(uint8_t uses) {
  static constexpr std::string_view kNames[] = {"output",   "predicate", "join",   "grouping",
                                                "ordering", "written",   "probed", "given_away"};
  json::array out;
  for (size_t bit = 0; bit < std::size(kNames); ++bit) {
    if ((uses & (1U << bit)) != 0) out.emplace_back(kNames[bit]);
  }
  return out;
}

json::array to_json(const std::vector<OutputColumn>& columns, const catalog::Catalog& catalog) {
  json::array out;
  for (const OutputColumn& column : columns) {
    out.push_back({{"name", column.name},
                   {"sources", to_json(column.sources, catalog)},
                   {"unknown", column.unknown}});
  }
  return out;
}

json::object to_json(const CopyOut& copy) {
  const auto character = [](char c) { return c == 0 ? std::string() : std::string(1, c); };
  return {{"format", copy.format},
          {"delimiter", character(copy.delimiter)},
          {"null", copy.null_text},
          {"quote", character(copy.quote)},
          {"escape", character(copy.escape)},
          {"header", copy.header},
          {"encoding", copy.encoding},
          {"to_stdout", copy.to_stdout},
          {"force_quote", json::array(copy.force_quote.begin(), copy.force_quote.end())},
          {"force_quote_all", copy.force_quote_all}};
}

json::object to_json(const StatementResult& result, const catalog::Catalog& catalog) {
  json::object out{{"columns", to_json(result.columns, catalog)},
                   {"returns_rows", result.returns_rows},
                   {"unknown_columns", result.unknown_columns},
                   {"explained", result.explained},
                   {"executes", result.executes},
                   {"fetches", result.fetches},
                   {"declares", result.declares},
                   {"prepares", result.prepares}};
  if (result.copy) out["copy"] = to_json(*result.copy);
  return out;
}

}  // namespace

json::object to_json(const StatementFacts& facts, const catalog::Catalog& catalog) {
  json::array actions, results, columns, written, functions;
  for (const Action& action : facts.actions) actions.push_back(to_json(action));
  for (const StatementResult& result : facts.results) results.push_back(to_json(result, catalog));
  for (const UsedColumn& column : facts.columns) {
    json::object one = to_json(column.column, catalog);
    one["uses"] = uses_of(column.uses);
    columns.push_back(std::move(one));
  }
  for (const WrittenColumn& column : facts.written) {
    json::object one = to_json(column.target, catalog);
    one["sources"] = to_json(column.sources, catalog);
    one["unknown"] = column.unknown;
    written.push_back(std::move(one));
  }
  for (const FunctionUse& use : facts.functions) {
    functions.push_back({{"oid", use.oid},
                         {"schema", use.schema},
                         {"name", use.name},
                         {"volatility", std::string(1, use.volatility)},
                         {"risk", name_of(use.risk)},
                         {"reached", use.reached}});
  }
  return {{"kind", facts.kind},
          {"actions", std::move(actions)},
          {"tables", json::array(facts.tables.begin(), facts.tables.end())},
          {"statements", facts.statements},
          {"unanalysable", facts.unanalysable},
          {"sqlstate", facts.unanalysable_sqlstate},
          {"output", to_json(facts.last_output(), catalog)},
          {"results", std::move(results)},
          {"columns", std::move(columns)},
          {"written", std::move(written)},
          {"functions", std::move(functions)},
          {"depends_on_literals", facts.depends_on_literals},
          {"dynamic_sql", facts.dynamic_sql},
          {"has_limit", facts.has_limit},
          {"cartesian", facts.cartesian},
          {"writes", facts.writes},
          {"schema_change", facts.schema_change},
          {"temporary_change", facts.temporary_change},
          {"may_change_settings", facts.may_change_settings},
          {"outside_transaction", facts.outside_transaction},
          {"unresolved", facts.unresolved}};
}

}  // namespace sluice::tools
