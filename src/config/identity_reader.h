#pragma once

#include "config/identity.h"
#include "config/secrets.h"
#include "yaml/reader.h"

namespace sluice::config {

/// Reads `identity`; what is wrong becomes a problem with its place.
void read_identity(yaml::MapReader& top, const SecretSource& secrets, IdentityConfig& out);

}  // namespace sluice::config
