#pragma once

#include "config/retention.h"
#include "yaml/reader.h"

namespace sluice::config {

/// Reads `retention` of `audit`.
void read_retention(yaml::MapReader& audit, std::vector<RetentionConfig>& out);

/// "90d", "1y" or "forever" as something that is kept.
Result<std::optional<Duration>> parse_keep(std::string_view text);

}  // namespace sluice::config
