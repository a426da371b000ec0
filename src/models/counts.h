#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <boost/json.hpp>

namespace sluice::models {

/// More of anything is counted as so much.
constexpr uint64_t kMostCounted = 1'000'000'000'000;

/// How many of something a member says: any number of JSON (12, 12.0, 1e5) that is not negative,
/// its fraction left off.
std::optional<uint64_t> count_of(const boost::json::object& from, std::string_view name);

}  // namespace sluice::models
