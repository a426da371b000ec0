#pragma once

#include <vector>

#include "config/models.h"
#include "config/secrets.h"
#include "yaml/reader.h"

namespace sluice::config {

/// Reads `models`; what is wrong becomes a problem with its place.
void read_models(yaml::MapReader& top, const SecretSource& secrets, std::vector<ModelConfig>& out);

}  // namespace sluice::config
