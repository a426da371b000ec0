#pragma once

#include "cli/commands.h"
#include "store/database.h"

namespace sluice::cli {

/// The store of the installation that the configuration names.
Result<store::Database> open_store(const Common& common);

}  // namespace sluice::cli
