#pragma once

#include <filesystem>
#include <memory>

#include "store/backend.h"
#include "store/database.h"

namespace sluice::store {

/// See Database::open.
Result<std::unique_ptr<Backend>> open_sqlite(const std::filesystem::path& file);

}  // namespace sluice::store
