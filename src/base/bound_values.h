#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace sluice {

/// The values of a Bind message of PostgreSQL, readable: text format as text, binary as "\x" and
/// hexadecimal, null as nothing. `raw`: Int16 n, n Int16 formats, Int16 m, m times Int32 length and
/// bytes; what is cut off is left out.
std::vector<std::optional<std::string>> readable_values(Bytes raw);

}  // namespace sluice
