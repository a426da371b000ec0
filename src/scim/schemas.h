#pragma once

#include <string_view>

#include <boost/json.hpp>

namespace sluice::scim {

/// What this service can do (RFC 7643, sections 5 to 7); `base` as in to_json.
boost::json::object service_provider_config(std::string_view base);
boost::json::array resource_types(std::string_view base);
boost::json::array schemas(std::string_view base);

/// RFC 7644, section 3.4.2. `start` is the place of the first of `resources` among all, from 1.
boost::json::object list_response(boost::json::array resources, size_t total, size_t start);

}  // namespace sluice::scim
