#pragma once

#include <string_view>

#include <boost/json.hpp>

#include "mcp/query_client.h"

namespace sluice::control {

/// What an agent can do about an error that says nothing of it, by the tools that it has; "" where
/// there is nothing to be said beyond the error.
std::string_view advice_for_sqlstate(std::string_view sqlstate);

/// The same of what the API answers to a tool; and where its own advice is for the command line.
std::string_view advice_for_tool(std::string_view tool);

/// What a statement that has run has not done, though its answer says that it was heard: nothing
/// of a session outlasts a call. "" for all others. `tag`: of the server.
std::string_view advice_for_tag(std::string_view tag);

/// A failure of the API as a failure of a tool: its problem (RFC 9457) with `error` and `next`.
void add_advice(std::string_view tool, boost::json::object& problem);

}  // namespace sluice::control
