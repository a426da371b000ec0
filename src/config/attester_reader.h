#pragma once

#include <vector>

#include "config/attesters.h"
#include "config/secrets.h"
#include "yaml/reader.h"

namespace sluice::config {

/// Reads `attesters`; what is wrong becomes a problem with its place.
void read_attesters(yaml::MapReader& top, const SecretSource& secrets,
                    std::vector<AttesterConfig>& out);

}  // namespace sluice::config
