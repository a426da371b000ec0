#pragma once

#include <cstddef>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "config/config.h"

namespace sluice::config {

/// "500ms", "30s", "10m", "2h", "7d".
Result<Duration> parse_duration(std::string_view text);
/// "4096", "4KiB", "16MiB", "1GiB", "50MB".
Result<size_t> parse_size(std::string_view text);
/// "127.0.0.1:6432", "[::1]:6432", "gateway.internal:6432", ":6432" (all addresses).
Result<HostPort> parse_host_port(std::string_view text);
/// postgres://host:port/database?sslmode=…; fills the server's part of `database`. A user or
/// password in the URL is refused: they have keys of their own.
Result<> parse_database_url(std::string_view text, DatabaseConfig& database);

}  // namespace sluice::config
