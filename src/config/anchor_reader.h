#pragma once

#include <vector>

#include "config/anchors.h"
#include "config/secrets.h"
#include "yaml/reader.h"

namespace sluice::config {

/// Reads `audit.anchors`; what is wrong becomes a problem with its place.
void read_anchors(yaml::MapReader& audit, const SecretSource& secrets,
                  std::vector<AnchorConfig>& out);

}  // namespace sluice::config
