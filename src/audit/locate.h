#pragma once

#include <cstdint>
#include <filesystem>

#include "audit/segment.h"
#include "base/result.h"

namespace sluice::audit {

/// A record by its number, from the segments alone. kNotFound: it is not there.
Result<Frame> locate(const std::filesystem::path& audit, uint64_t sequence);

}  // namespace sluice::audit
