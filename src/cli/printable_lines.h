#pragma once

#include <string>
#include <string_view>

namespace sluice::cli {

/// Text of several lines, each by itself safe on a terminal (`printable`).
std::string printable_lines(std::string_view text);

}  // namespace sluice::cli
