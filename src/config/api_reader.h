#pragma once

#include "config/api.h"
#include "config/secrets.h"
#include "yaml/reader.h"

namespace sluice::config {

/// Reads `api`; what is wrong becomes a problem with its place. `secrets` knows from where paths
/// count.
void read_api(yaml::MapReader& top, const SecretSource& secrets, ApiConfig& out);

}  // namespace sluice::config
