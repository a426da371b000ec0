#pragma once

#include "config/server_identity.h"
#include "yaml/reader.h"

namespace sluice::config {

/// Reads `identity` of a database; what is wrong becomes a problem with its place.
void read_server_identity(yaml::MapReader& database, ServerIdentityConfig& out);

}  // namespace sluice::config
