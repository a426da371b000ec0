#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace sluice::config {

/// One entry of `audit.retention`: how long records are kept that are as `filters` say. The first
/// that fits a record decides.
struct RetentionConfig {
  std::string name;
  std::optional<Duration> keep;  ///< nothing: for ever
  /// Name and value of filters of a search (audit/filters.h), all of which a record meets.
  std::vector<std::pair<std::string, std::string>> filters;
};

}  // namespace sluice::config
