#pragma once

#include <string>

#include <boost/json.hpp>

#include "base/clock.h"

namespace sluice::mcp {

/// The longest that a call waits for people.
inline constexpr auto kLongestWait = std::chrono::seconds(300);

/// How long after its beginning a call of a tool (`params` of tools/call) is to be answered as
/// `answer` has it: it asked by `wait_seconds` to be told once something is decided or over, and
/// this is not. Zero: now.
Duration waits_for(const boost::json::object& params, const boost::json::object& answer);

/// What a call does as long as there is no answer, in words for people: "query is running",
/// "approval 17 is not decided yet".
std::string doing(const boost::json::object& params);

}  // namespace sluice::mcp
