#pragma once

#include <cstddef>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace sluice {

/// "500ms", "30s", "10m", "2h", "7d".
Result<Duration> parse_duration(std::string_view text);
/// "4096", "4KiB", "16MiB", "1GiB", "50MB"; in bytes.
Result<size_t> parse_size(std::string_view text);

}  // namespace sluice
