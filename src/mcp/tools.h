#pragma once

#include <span>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "base/result.h"

namespace sluice::mcp {

/// What an argument of a tool is.
enum class ArgumentType : uint8_t { kText, kTexts, kNumber };

struct Argument {
  std::string_view name;
  ArgumentType type = ArgumentType::kText;
  bool required = false;
  std::string_view meaning;  ///< for the model that fills it in
};

/// One of the things that an agent can do here.
struct Tool {
  std::string_view name;
  std::string_view title;
  std::string_view description;  ///< for models: what it does, and what to do with its answer
  std::span<const Argument> arguments;
  bool changes = false;          ///< it may change something; else it only reads
  std::string_view answer = {};  ///< JSON Schema of what it returns; empty: not said
};

std::span<const Tool> tools();
/// Null when there is none of that name.
const Tool* find_tool(std::string_view name);

/// The answer to tools/list: each with a JSON Schema of its arguments (2020-12).
boost::json::array describe_tools();

/// Whether `arguments` are what a tool takes: nothing is missing, unknown, or of another type.
/// Errors: kInvalidInput with all that is wrong, for the model to mend.
Result<> check_arguments(const Tool& tool, const boost::json::object& arguments);

/// What agents are told of this server when they begin.
std::string_view instructions();

}  // namespace sluice::mcp
