#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "wire/postgres/startup.h"

namespace sluice::wire::postgres {

using Settings = std::vector<std::pair<std::string, std::string>>;

/// By which connections that the gateway makes to itself say for whom.
inline constexpr std::string_view kAskedFrom = "sluice.asked_from";
/// "on": what the connection's statements would change is told, and nothing of it is done.
inline constexpr std::string_view kDryRun = "sluice.dry_run";

/// What a client asked for at start-up, sorted out: only settings of an allow-list, which cannot
/// change whose rights a statement has, get through.
struct StartupParameters {
  std::string user;
  std::string database;  ///< the user's name when not given, as PostgreSQL does
  std::string application_name;
  std::string asked_from;  ///< kAskedFrom, as it was sent
  bool dry_run = false;    ///< kDryRun
  Settings settings;       ///< to be applied at the server; from parameters and from `options`
};

/// Refuses replication connections, settings outside the allow-list and malformed `options`, with
/// the SQLSTATE PostgreSQL would use as the first five characters of the error's text and a space.
Result<StartupParameters> sort_startup_parameters(const StartupMessage& message);

/// application_name as PostgreSQL reports it back: at most 63 bytes, '?' for anything but
/// printable ASCII.
std::string clean_application_name(std::string_view name);

/// A string literal that means the same whatever standard_conforming_strings and client_encoding
/// are: ASCII only, other bytes as E'\xHH', which the server takes as bytes of its own encoding, as
/// it takes those of a start-up packet.
std::string quote_literal(std::string_view value);

/// One simple query that sets all of `settings` for the session.
std::string build_set_batch(const Settings& settings);

}  // namespace sluice::wire::postgres
