#pragma once

#include <vector>

#include "config/secrets.h"
#include "config/tickets.h"
#include "yaml/reader.h"

namespace sluice::config {

/// Reads `tickets`; what is wrong becomes a problem with its place.
void read_tickets(yaml::MapReader& top, const SecretSource& secrets,
                  std::vector<TicketSystemConfig>& out);

}  // namespace sluice::config
