#pragma once

#include <vector>

#include "config/secrets.h"
#include "config/webhooks.h"
#include "yaml/reader.h"

namespace sluice::config {

/// Reads `webhooks`; what is wrong becomes a problem with its place.
void read_webhooks(yaml::MapReader& top, const SecretSource& secrets,
                   std::vector<WebhookConfig>& out);

}  // namespace sluice::config
