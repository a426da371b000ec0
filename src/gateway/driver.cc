#include "gateway/driver.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::gateway {
namespace {

using wire::postgres::StartupMessage;

/// Programs that say who they are unless they are told to say something else.
constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kByApplication = {{
    {"psql", "psql"},
    {"pg_dump", "pg_dump"},
    {"pg_restore", "pg_restore"},
    {"pgbench", "pgbench"},
    {"pgAdmin", "pgAdmin"},
    {"DBeaver", "JDBC"},
    {"DataGrip", "JDBC"},
    {"PostgreSQL JDBC Driver", "JDBC"},
    {"postgres.js", "postgres.js"},
    {"Npgsql", "npgsql"},
    {"pgx", "pgx"},
    {"psycopg", "psycopg"},
    {"asyncpg", "asyncpg"},
}};

bool has(const StartupMessage& message, std::string_view name) {
  const auto& parameters = message.parameters;
  return std::any_of(parameters.begin(), parameters.end(),
                     [&](const auto& parameter) { return parameter.first == name; });
}

/// Where a parameter stands; behind all others if it is not there.
size_t place(const StartupMessage& message, std::string_view name) {
  const auto& parameters = message.parameters;
  return static_cast<size_t>(
      std::find_if(parameters.begin(), parameters.end(),
                   [&](const auto& parameter) { return parameter.first == name; }) -
      parameters.begin());
}

}  // namespace

std::string_view driver_of(const StartupMessage& message) {
  const std::string_view application = message.find("application_name");
  for (const auto& [begins, driver] : kByApplication) {
    if (application.starts_with(begins)) return driver;
  }
  const std::string_view encoding = message.find("client_encoding");
  if (encoding == "'utf-8'") return "asyncpg";  // The quotes are asyncpg's.
  if (has(message, "DateStyle")) {
    if (message.find("DateStyle") == "ISO" && has(message, "TimeZone")) return "JDBC";
    if (message.find("DateStyle") == "ISO, MDY" && encoding == "UTF8") return "sqlx";
  }
  if (message.find("datestyle") == "ISO, MDY" && has(message, "extra_float_digits")) {
    return "lib/pq";
  }
  if (encoding != "UTF8") return {};
  const size_t at = place(message, "client_encoding");
  if (at == 0) return "tokio-postgres";
  if (at < place(message, "database") && has(message, "database")) return "npgsql";
  // libpq puts the application's name before the encoding, and psql always has one.
  if (at + 1 == message.parameters.size() && application.empty()) return "node-postgres";
  return {};
}

}  // namespace sluice::gateway
