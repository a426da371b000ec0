#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "config/config.h"
#include "gateway/asking.h"
#include "gateway/server_connection.h"

namespace sluice::gateway {

/// "PostgreSQL 15.18, TLSv1.3, 2.1 ms".
std::string describe_server(const Asking& asking, Duration took);

/// What somebody is told who wants to add a database.
struct Trial {
  std::string server;                 ///< describe_server; empty: it did not work
  std::vector<std::string> warnings;  ///< what works, and could be better

  // Where it did not work:
  std::string reason;   ///< for programs: "dns", "refused", "timeout", "unreachable", "tls",
                        ///< "certificate", "login", "no_password", "database", "privilege", "busy",
                        ///< "not_postgresql", "server", "invalid"
  std::string problem;  ///< what is wrong; nothing that the other side sent but PostgreSQL's errors
  std::string next;     ///< what to do

  bool worked() const { return reason.empty(); }
};

/// Connects as the gateway would, and asks the server a little; not to `listener`, where the
/// gateway itself listens. Blocking, for about the pool's `connect_timeout`, besides what resolving
/// a name takes.
Trial try_database(const config::DatabaseConfig& config, const config::HostPort& listener);

/// Why connecting failed, in words for whoever gave the address. Pure.
Trial explain_failure(const ServerConnection::Failure& failure,
                      const config::DatabaseConfig& config);

}  // namespace sluice::gateway
