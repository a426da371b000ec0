#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "mask/audience.h"

namespace sluice::mask {

/// Why somebody from whom a column is hidden may not use it so.
struct RefusedUse {
  std::string message;  ///< for the client
  std::string hint;
};

/// Whether a column that is shown so may be used so (sql::ColumnUse, together); nothing: it may.
std::optional<RefusedUse> refused_use(const ColumnView& column, sql::ColumnUses uses);

}  // namespace sluice::mask
