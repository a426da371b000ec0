#pragma once

#include <memory>

#include "config/config.h"
#include "store/backend.h"
#include "store/database.h"

namespace sluice::store {

/// A schema of a PostgreSQL server as a store that gateways share. Connects at the first use, and
/// anew after the connection was lost; what cannot be done in the meantime fails with kUnavailable
/// or kTimeout after some seconds. A transaction is lost with its connection.
Result<std::unique_ptr<Backend>> open_postgres(const config::StoreConfig& config);

}  // namespace sluice::store
