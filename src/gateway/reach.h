#pragma once

#include <memory>

#include "gateway/asking.h"
#include "gateway/database.h"
#include "gateway/server_connection.h"

namespace sluice::gateway {

/// As Asking::connect, of a database whose addresses are resolved; tells why not, and how far it
/// came.
tl::expected<std::unique_ptr<Asking>, ServerConnection::Failure> reach(
    std::shared_ptr<Database> database);

}  // namespace sluice::gateway
