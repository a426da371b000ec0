#include "control/known_fields.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/lower_case.h"
#include "base/nearest.h"
#include "control/openapi.h"
#include "control/problem.h"
#include "control/routes.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

using Names = std::vector<std::string>;

/// The command line says for whom it asks also where that is known by the credential.
constexpr std::string_view kAuthor = "author";

/// The names of a schema's own and of those that it is made of. False: it takes any.
bool add_names(const json::object& schema, const json::object& shapes, Names& names) {
  if (const auto* other = schema.if_contains("$ref")) {
    const std::string_view ref = other->as_string();
    return add_names(shapes.at(ref.substr(ref.rfind('/') + 1)).as_object(), shapes, names);
  }
  if (const auto* more = schema.if_contains("additionalProperties");
      more != nullptr && (!more->is_bool() || more->as_bool()))
    return false;
  if (const auto* own = schema.if_contains("properties")) {
    for (const auto& each : own->as_object()) names.emplace_back(each.key());
  }
  for (const char* parts : {"allOf", "anyOf", "oneOf"}) {
    const auto* of = schema.if_contains(parts);
    if (of == nullptr) continue;
    for (const auto& part : of->as_array()) {
      if (!add_names(part.as_object(), shapes, names)) return false;
    }
  }
  return true;
}

/// What the body of JSON that an operation takes may have; empty: anything, or it takes none.
Names names_for(const json::value& operation, const json::object& shapes) {
  boost::system::error_code none;
  const auto* schema =
      operation.find_pointer("/requestBody/content/application~1json/schema", none);
  Names names;
  if (schema == nullptr || !add_names(schema->as_object(), shapes, names)) return {};
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::map<const Route*, Names> read_all() {
  const json::object document = openapi();
  const auto& paths = document.at("paths").as_object();
  const auto& shapes = document.at("components").at("schemas").as_object();
  std::map<const Route*, Names> all;
  for (const Route& route : routes()) {
    const auto& operation = paths.at(route.path).at(lower_case(route.method));
    all.emplace(&route, names_for(operation, shapes));
  }
  return all;
}

}  // namespace

std::optional<HttpResponse> unknown_field(const HttpRequest& request) {
  static const auto* const known = new std::map<const Route*, Names>(read_all());
  const Route* route = find_route(request.method, request.path);
  if (route == nullptr || request.body.empty()) return std::nullopt;
  const Names& names = known->at(route);
  if (names.empty()) return std::nullopt;
  boost::system::error_code wrong;
  const auto body = json::parse(request.body, wrong);
  if (wrong || !body.is_object()) return std::nullopt;  // Said by whoever reads it.
  for (const auto& each : body.get_object()) {
    if (each.key() == kAuthor || std::binary_search(names.begin(), names.end(), each.key()))
      continue;
    const auto meant = nearest(each.key(), names);
    return problem(400, fmt::format("there is no field \"{}\" here", std::string_view(each.key())),
                   meant.empty() ? fmt::format("There are {}.", fmt::join(names, ", "))
                                 : fmt::format("Perhaps \"{}\" was meant.", meant));
  }
  return std::nullopt;
}

}  // namespace sluice::control
