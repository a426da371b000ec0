#include "catalog_json.h"

#include <boost/json/array.hpp>

namespace sluice::tools {

namespace {

namespace json = boost::json;
using namespace catalog;

json::object to_json(const Column& item);
json::object to_json(const Trigger& item);
json::object to_json(const Rule& item);
json::object to_json(const Index& item);
json::object to_json(const Constraint& item);

template <typename T>
json::array list(const std::vector<T>& items) {
  json::array out;
  for (const T& item : items) {
    if constexpr (std::is_class_v<T> && !std::is_same_v<T, std::string>) {
      out.push_back(to_json(item));
    } else {
      out.emplace_back(item);
    }
  }
  return out;
}

std::string letter(char c) { return std::string(1, c); }

json::object to_json(const Column& item) {
  return {
      {"number", item.number},       {"name", item.name},         {"type", item.type},
      {"type_name", item.type_name}, {"not_null", item.not_null}, {"has_default", item.has_default},
      {"generated", item.generated}, {"identity", item.identity}, {"default", item.default_text},
      {"comment", item.comment}};
}

json::object to_json(const Trigger& item) {
  return {{"name", item.name},
          {"function", item.function},
          {"deferrable", item.deferrable},
          {"initially_deferred", item.initially_deferred},
          {"enabled", letter(item.enabled)},
          {"definition", item.definition}};
}

json::object to_json(const Rule& item) {
  return {{"name", item.name},
          {"event", letter(item.event)},
          {"enabled", letter(item.enabled)},
          {"definition", item.definition}};
}

json::object to_json(const Index& item) {
  return {{"oid", item.oid},
          {"name", item.name},
          {"unique", item.unique},
          {"primary", item.primary},
          {"valid", item.valid},
          {"partial", item.partial},
          {"columns", list(item.columns)},
          {"definition", item.definition}};
}

json::object to_json(const Constraint& item) {
  return {{"oid", item.oid},
          {"name", item.name},
          {"type", letter(item.type)},
          {"columns", list(item.columns)},
          {"referenced", item.referenced},
          {"referenced_columns", list(item.referenced_columns)},
          {"on_update", letter(item.on_update)},
          {"on_delete", letter(item.on_delete)},
          {"validated", item.validated},
          {"deferrable", item.deferrable},
          {"definition", item.definition}};
}

json::object to_json(const Relation& item) {
  return {{"oid", item.oid},
          {"schema", item.schema},
          {"name", item.name},
          {"kind", letter(static_cast<char>(item.kind))},
          {"persistence", letter(item.persistence)},
          {"owner", item.owner},
          {"columns", list(item.columns)},
          {"children", list(item.children)},
          {"parents", list(item.parents)},
          {"view_definition", item.view_definition},
          {"rules", list(item.rules)},
          {"triggers", list(item.triggers)},
          {"indexes", list(item.indexes)},
          {"constraints", list(item.constraints)},
          {"row_security", item.row_security},
          {"estimated_rows", item.estimated_rows},
          {"bytes", item.bytes},
          {"comment", item.comment}};
}

json::object to_json(const Function& item) {
  return {{"oid", item.oid},
          {"schema", item.schema},
          {"name", item.name},
          {"kind", letter(item.kind)},
          {"argument_types", list(item.argument_types)},
          {"argument_names", list(item.argument_names)},
          {"defaults", item.defaults},
          {"variadic", item.variadic},
          {"return_type", item.return_type},
          {"returns_set", item.returns_set},
          {"result_columns", list(item.result_columns)},
          {"language", item.language},
          {"volatility", letter(item.volatility)},
          {"security_definer", item.security_definer},
          {"source", item.source},
          {"settings", item.settings}};
}

json::object to_json(const Type& item) {
  return {{"oid", item.oid},           {"schema", item.schema},        {"name", item.name},
          {"kind", letter(item.kind)}, {"relation", item.relation},    {"element", item.element},
          {"base", item.base},         {"definition", item.definition}};
}

json::object to_json(const Operator& item) {
  return {{"oid", item.oid},   {"schema", item.schema}, {"name", item.name},
          {"left", item.left}, {"right", item.right},   {"function", item.function}};
}

template <typename T>
json::array objects(const std::vector<T>& items, bool system) {
  json::array out;
  for (const T& item : items) {
    if (system || item.oid >= kFirstUserOid) out.push_back(to_json(item));
  }
  return out;
}

}  // namespace

json::object to_json(const Catalog& catalog, bool system) {
  return {{"fingerprint", catalog.fingerprint()},
          {"definition_path", list(catalog.definition_path())},
          {"schemas", list(catalog.schemas())},
          {"relations", objects(catalog.relations(), system)},
          {"functions", objects(catalog.functions(), system)},
          {"types", objects(catalog.types(), system)},
          {"operators", objects(catalog.operators(), system)}};
}

}  // namespace sluice::tools
