#pragma once

#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "config/config.h"

namespace sluice::config {

using sluice::parse_duration;
using sluice::parse_size;
/// "127.0.0.1:6432", "[::1]:6432", "gateway.internal:6432", ":6432" (all addresses).
Result<HostPort> parse_host_port(std::string_view text);
/// postgres://host:port/database?sslmode=…; fills the server's part of `database`. A user or
/// password in the URL is refused: they have keys of their own.
Result<> parse_database_url(std::string_view text, DatabaseConfig& database);

}  // namespace sluice::config
