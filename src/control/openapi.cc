#include "control/openapi.h"

#include <cctype>
#include <string>

#include "control/audit_api.h"
#include "control/roles.h"
#include "control/routes.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

json::object path_parameter(std::string_view name, const json::object* schemas) {
  const bool text = name == "name" || name == "id";
  json::value schema = json::object{{"type", text ? "string" : "integer"}};
  if (const auto* own = schemas == nullptr ? nullptr : schemas->if_contains(name)) schema = *own;
  return {{"name", name}, {"in", "path"}, {"required", true}, {"schema", std::move(schema)}};
}

/// `schemas` of those that are not what their names tell; null for none.
void add_path_parameters(std::string_view path, const json::object* schemas,
                         json::array& parameters) {
  for (size_t open = path.find('{'); open != std::string_view::npos; open = path.find('{', open)) {
    const size_t close = path.find('}', open);
    parameters.push_back(path_parameter(path.substr(open + 1, close - open - 1), schemas));
    open = close;
  }
}

json::object content(const json::value& schema, std::string_view type = "application/json") {
  return {{std::string(type), json::object{{"schema", schema}}}};
}

/// The body that it takes; of JSON unless `request_type` names another.
json::object body_of(const json::object& said, const json::value& schema) {
  const auto* type = said.if_contains("request_type");
  const auto* optional = said.if_contains("optional_request");
  return {{"required", optional == nullptr || !optional->as_bool()},
          {"content", type == nullptr ? content(schema)
                                      : content(schema, std::string_view(type->as_string()))}};
}

/// What openapi.json says of one, in the form of the standard: `query` and `request` are schemas,
/// `answers` are schemas by status.
json::object described(const json::object& said) {
  json::object out;
  if (const auto* id = said.if_contains("id")) out["operationId"] = *id;
  json::array parameters;
  if (const auto* query = said.if_contains("query")) {
    for (const auto& [name, schema] : query->as_object())
      parameters.push_back(json::object{{"name", name}, {"in", "query"}, {"schema", schema}});
  }
  out["parameters"] = std::move(parameters);
  if (const auto* request = said.if_contains("request"))
    out["requestBody"] = body_of(said, *request);
  json::object answers;
  if (const auto* given = said.if_contains("answers")) {
    for (const auto& [status, schema] : given->as_object()) {
      answers[status] = json::object{{"description", status.front() == '3' ? "Elsewhere" : "Done"}};
      if (schema.is_object()) answers[status].as_object()["content"] = content(schema);
    }
  }
  if (const auto* type = said.if_contains("type")) {
    answers["200"] = json::object{{"description", "Done"},
                                  {"content", content(json::object{{"type", "string"}},
                                                      std::string_view(type->as_string()))}};
  }
  out["responses"] = std::move(answers);
  return out;
}

/// The audit trail's own part describes itself.
const json::object* described_elsewhere(const json::object& audit, const Route& route,
                                        const std::string& method) {
  const auto* item = audit.at("paths").as_object().if_contains(route.path);
  const auto* operation = item == nullptr ? nullptr : item->as_object().if_contains(method);
  return operation == nullptr ? nullptr : &operation->as_object();
}

void add_access(json::object& operation, const Route& route) {
  if (!route.roles.any()) {
    operation["security"] = json::array();
    return;
  }
  const auto names = names_of(route.roles);
  operation["x-roles"] = json::array(names.begin(), names.end());
  operation["x-scope"] = route.scope;
  if (route.of_all_databases()) operation["x-all-databases"] = true;
  if (route.of_oneself()) operation["x-oneself"] = true;
}

}  // namespace

json::object openapi() {
  const json::object said = json::parse(openapi_text()).as_object();
  const json::object audit = audit_openapi();
  const auto& operations = said.at("operations").as_object();
  json::object paths;
  for (const Route& route : routes()) {
    std::string method(route.method);
    for (char& c : method) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const std::string key =
        std::string(route.method) + " " + std::string(route.path.substr(sizeof("/api/v1") - 1));
    const auto* elsewhere = described_elsewhere(audit, route, method);
    const auto* here = operations.if_contains(key);
    json::object operation = elsewhere != nullptr ? *elsewhere
                             : here != nullptr    ? described(here->as_object())
                                                  : json::object();
    operation["summary"] = route.summary;
    if (elsewhere == nullptr) {
      if (!operation.contains("parameters")) operation["parameters"] = json::array();
      const auto* schemas = here == nullptr ? nullptr : here->as_object().if_contains("path");
      add_path_parameters(route.path, schemas == nullptr ? nullptr : &schemas->as_object(),
                          operation["parameters"].as_array());
    }
    auto& responses = operation["responses"];
    if (!responses.is_object()) responses = json::object();
    responses.as_object()["default"] = json::object{{"$ref", "#/components/responses/Problem"}};
    add_access(operation, route);
    auto& item = paths[route.path];
    if (!item.is_object()) item = json::object();
    item.as_object()[method] = std::move(operation);
  }
  json::object out = said;
  out.erase("operations");
  out["components"].as_object()["schemas"] = json::parse(openapi_shapes_text());
  out["paths"] = std::move(paths);
  out["info"].as_object()["version"] = SLUICE_VERSION;
  return out;
}

}  // namespace sluice::control
