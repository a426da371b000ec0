#include "control/known_fields.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/lower_case.h"
#include "base/nearest.h"
#include "control/misfit.h"
#include "control/openapi.h"
#include "control/problem.h"
#include "control/routes.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

/// What the body of an operation may have.
struct Described {
  std::map<std::string, json::object, std::less<>> fields;  ///< Schemas by name
  bool any = true;                                          ///< Others may be there, too
};

/// The command line says for whom it asks also where that is known by the credential.
constexpr std::string_view kAuthor = "author";

const json::object& resolved(const json::object& schema, const json::object& shapes) {
  const auto* other = schema.if_contains("$ref");
  if (other == nullptr) return schema;
  const std::string_view ref = other->as_string();
  return resolved(shapes.at(ref.substr(ref.rfind('/') + 1)).as_object(), shapes);
}

/// The fields of a schema's own and of those that it is made of. False: it takes any others.
bool add_fields(const json::object& said, const json::object& shapes, Described& to) {
  const auto& schema = resolved(said, shapes);
  if (const auto* own = schema.if_contains("properties")) {
    for (const auto& [name, field] : own->as_object())
      to.fields.emplace(name, resolved(field.as_object(), shapes));
  }
  const auto* more = schema.if_contains("additionalProperties");
  bool closed = more == nullptr || (more->is_bool() && !more->as_bool());
  for (const char* parts : {"allOf", "anyOf", "oneOf"}) {
    const auto* of = schema.if_contains(parts);
    if (of == nullptr) continue;
    for (const auto& part : of->as_array())
      closed = add_fields(part.as_object(), shapes, to) && closed;
  }
  return closed;
}

/// Of the body of JSON that an operation takes; nothing: it takes none.
Described described(const json::value& operation, const json::object& shapes) {
  boost::system::error_code none;
  const auto* schema =
      operation.find_pointer("/requestBody/content/application~1json/schema", none);
  Described out;
  if (schema != nullptr) out.any = !add_fields(schema->as_object(), shapes, out);
  return out;
}

std::map<const Route*, Described> read_all() {
  const json::object document = openapi();
  const auto& paths = document.at("paths").as_object();
  const auto& shapes = document.at("components").at("schemas").as_object();
  std::map<const Route*, Described> all;
  for (const Route& route : routes())
    all.emplace(&route, described(paths.at(route.path).at(lower_case(route.method)), shapes));
  return all;
}

HttpResponse unknown(std::string_view name, const Described& known) {
  std::vector<std::string> names;
  for (const auto& [each, schema] : known.fields) names.push_back(each);
  const auto meant = nearest(name, names);
  return problem(400, fmt::format("there is no field \"{}\" here", name),
                 meant.empty() ? fmt::format("There are {}.", fmt::join(names, ", "))
                               : fmt::format("Perhaps \"{}\" was meant.", meant));
}

std::optional<HttpResponse> wrong_in(const json::object& body, const Described& known) {
  for (const auto& [key, value] : body) {
    const std::string_view name = key;
    const auto field = known.fields.find(name);
    if (field == known.fields.end()) {
      if (known.any || name == kAuthor) continue;
      return unknown(name, known);
    }
    if (auto wrong = misfit(value, field->second))
      return problem(400,
                     fmt::format("\"{}{}\" has to be {}, and is {}", name, wrong->inside,
                                 wrong->wanted, wrong->was),
                     "GET /api/v1/openapi.json tells what each request takes.");
  }
  return std::nullopt;
}

}  // namespace

std::optional<HttpResponse> wrong_fields(const HttpRequest& request) {
  static const auto* const all = new std::map<const Route*, Described>(read_all());
  const Route* route = find_route(request.method, request.path);
  if (route == nullptr || request.body.empty()) return std::nullopt;
  const Described& known = all->at(route);
  if (known.fields.empty()) return std::nullopt;
  boost::system::error_code wrong;
  const auto body = json::parse(request.body, wrong);
  if (wrong || !body.is_object()) return std::nullopt;  // Said by whoever reads it.
  return wrong_in(body.get_object(), known);
}

}  // namespace sluice::control
