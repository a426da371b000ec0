#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/database.h"

namespace sluice::store {

/// What this gateway, as a witness, has cosigned last of somebody else's log.
struct WitnessedHead {
  uint64_t size = 0;
  std::string root;  ///< 32 bytes
};

/// Nothing before the first time.
Result<std::optional<WitnessedHead>> witnessed(Database& database, std::string_view origin);

/// Goes on to `next`, if what was cosigned last is still of `old_size` (0: nothing yet). False: it
/// is not, somebody else was faster.
Result<bool> advance_witnessed(Database& database, std::string_view origin, uint64_t old_size,
                               const WitnessedHead& next);

}  // namespace sluice::store
