#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::sql {

/// The values that stand in a text as constants, parsable or not: strings without their quotes and
/// escapes, and numbers. What backslashes stand for is left as it is written.
std::vector<std::string> literals(std::string_view text);

}  // namespace sluice::sql
