#pragma once

#include <string>

#include <boost/json.hpp>

#include "cli/commands.h"

namespace sluice::cli {

/// Asks the running gateway over `<state>/control.sock`; `authorization` is the header that proves
/// who asks, where that matters. Errors: kUnavailable when there is none,
/// what it answered otherwise.
Result<boost::json::value> call_gateway(const Common& common, const std::string& method,
                                        const std::string& path, const std::string& body = {},
                                        const std::string& authorization = {});

/// The bytes of a file; "-" is standard input.
Result<std::string> read_input(const std::string& file);

}  // namespace sluice::cli
