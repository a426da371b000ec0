#pragma once

#include <string_view>

#include <boost/json.hpp>

namespace sluice::control {

/// The description of the API for programs (OpenAPI 3.1): every route of routes(), with what
/// openapi.json says of what it takes and gives, and the shapes of openapi_shapes.json.
boost::json::object openapi();

/// openapi.json, as it was when this was built.
std::string_view openapi_text();
/// openapi_shapes.json.
std::string_view openapi_shapes_text();

}  // namespace sluice::control
