#pragma once

#include <string_view>

#include <boost/json.hpp>

#include "cli/commands.h"

namespace sluice::cli {

/// Says what an action has come to: with -o json one object on standard output, with -o csv its
/// fields as one row; else `text` for people, on standard error, where it is not empty.
void told(const Common& common, const boost::json::object& what, std::string_view text);

}  // namespace sluice::cli
