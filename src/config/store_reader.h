#pragma once

#include "config/config.h"
#include "config/secrets.h"
#include "yaml/reader.h"

namespace sluice::config {

/// Reads `store`, `store_password_file`, `store_password_env` and `store_grace`.
void read_store(yaml::MapReader& top, const SecretSource& secrets, StoreConfig& store);

}  // namespace sluice::config
