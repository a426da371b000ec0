#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sql {

/// A constant as it stands in a text.
struct Literal {
  size_t begin = 0, size = 0;  ///< with its quotes and prefix
  std::string value;   ///< of strings without quotes; what backslashes stand for is left as written
  bool plain = false;  ///< '…' without backslashes: its value is what it looks like
};

/// All constants of a text in their order, parsable or not: strings and numbers.
std::vector<Literal> literals(std::string_view text);

}  // namespace sluice::sql
