#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace sluice {

/// "1h", "2d": that long ago; or an RFC 3339 time. Microseconds since 1970; 0 for an empty text.
Result<int64_t> parse_time(const std::string& text);

}  // namespace sluice
