#pragma once

#include <filesystem>

#include "base/result.h"

namespace sluice {

/// Flushes a folder: the names made, changed or removed in it are so after a power failure too.
Result<> sync_folder(const std::filesystem::path& folder);

}  // namespace sluice
