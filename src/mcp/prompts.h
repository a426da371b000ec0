#pragma once

#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "base/result.h"

namespace sluice::mcp {

/// The answer to prompts/list: ways to begin that people can choose from (docs/agents.md).
boost::json::array describe_prompts();

/// Whether there is such a prompt, and it has such an argument.
bool prompt_has(std::string_view prompt, std::string_view argument);

/// The answer to prompts/get. kNotFound: there is no such prompt; kInvalidInput: with all that is
/// wrong with its arguments.
Result<boost::json::object> get_prompt(std::string_view name, const boost::json::object& arguments);

}  // namespace sluice::mcp
