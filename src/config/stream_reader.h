#pragma once

#include <vector>

#include "config/secrets.h"
#include "config/streams.h"
#include "yaml/reader.h"

namespace sluice::config {

/// Reads `audit.streams`; what is wrong becomes a problem with its place.
void read_streams(yaml::MapReader& audit, const SecretSource& secrets,
                  std::vector<StreamConfig>& out);

}  // namespace sluice::config
