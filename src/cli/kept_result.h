#pragma once

#include <ostream>

#include <boost/json.hpp>

#include "cli/commands.h"

namespace sluice::cli {

/// The rows, or the data of COPY, of a result that was kept (control::captured_result); as JSON all
/// of it. Nothing, where it had none.
void print_kept(std::ostream& out, const boost::json::object& result, Format format);

/// The notices and errors that its client was told besides, one a line, with what belongs to it.
void print_told(std::ostream& out, const boost::json::object& result);

}  // namespace sluice::cli
