#pragma once

#include <string_view>

#include "wire/postgres/startup.h"

namespace sluice::gateway {

/// The driver that a start-up message looks like: "psql", "JDBC", "npgsql", "asyncpg", "lib/pq",
/// "sqlx", "tokio-postgres", "node-postgres", "postgres.js", …; empty where it could be any. A
/// claim: every byte of the message is the client's choice.
std::string_view driver_of(const wire::postgres::StartupMessage& message);

}  // namespace sluice::gateway
