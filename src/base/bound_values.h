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

/// A value of binary format as one reads it, where `type` (the OID of one of the server's own) is
/// known; else "\x" and hexadecimal.
std::string readable_value(Bytes value, uint32_t type);

/// The same as bound_values, readable: text format as text, null as nothing. `types`: Int32 OIDs as
/// Parse declares them, fewer than there are values or none.
std::vector<std::optional<std::string>> readable_values(Bytes raw, Bytes types = {});

}  // namespace sluice
