#pragma once

#include "config/retention.h"
#include "yaml/reader.h"

namespace sluice::config {

/// Reads `retention` and `retention_at` of `audit`; `at` becomes minutes of the day.
void read_retention(yaml::MapReader& audit, std::vector<RetentionConfig>& out,
                    std::optional<int>& at);

/// "90d", "1y" or "forever" as something that is kept.
Result<std::optional<Duration>> parse_keep(std::string_view text);

}  // namespace sluice::config
