#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace sluice {

/// One value of a Bind message of PostgreSQL.
struct BoundValue {
  std::optional<Bytes> bytes;  ///< nothing for NULL; of the message
  bool binary = false;         ///< its format
};

/// `raw`: Int16 n, n Int16 formats, Int16 m, m times Int32 length and bytes; what is cut off is
/// left out.
std::vector<BoundValue> bound_values(Bytes raw);

/// The same, readable: text format as text, binary as "\x" and hexadecimal, null as nothing.
std::vector<std::optional<std::string>> readable_values(Bytes raw);

}  // namespace sluice
