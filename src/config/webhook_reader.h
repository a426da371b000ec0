#pragma once

#include <vector>

#include "config/secrets.h"
#include "config/webhooks.h"
#include "yaml/reader.h"

namespace sluice::config {

/// Reads `url`, as it stands in the file, or `url_file` or `url_env`, where knowing it is enough to
/// use it; and `tls`. https://, or http:// to this machine itself.
SecretString read_hidden_url(yaml::MapReader& map, const SecretSource& secrets,
                             StreamConfig& delivery);

/// Reads `webhooks`; what is wrong becomes a problem with its place.
void read_webhooks(yaml::MapReader& top, const SecretSource& secrets,
                   std::vector<WebhookConfig>& out);

}  // namespace sluice::config
