#pragma once

#include <optional>
#include <string_view>

#include <boost/json.hpp>

namespace sluice::models {

/// What a question refers to that is kept at the provider, whose key all users share, or that is
/// answered there after it has been counted here: the name of the member that says so.
std::optional<std::string_view> kept_elsewhere(const boost::json::object& body);

}  // namespace sluice::models
