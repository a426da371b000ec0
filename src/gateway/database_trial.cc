#include "gateway/database_trial.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/bytes.h"
#include "gateway/own_address.h"
#include "gateway/reach.h"

namespace sluice::gateway {
namespace {

using Stage = ServerConnection::Stage;

Trial no(std::string reason, std::string problem, std::string next) {
  Trial out;
  out.reason = std::move(reason);
  out.problem = std::move(problem);
  out.next = std::move(next);
  return out;
}

std::string place_of(const config::DatabaseConfig& config) {
  return fmt::format("{}:{}", config.host, config.port);
}

Trial not_postgresql(const config::DatabaseConfig& config) {
  return no("not_postgresql", fmt::format("what answers at {} is no PostgreSQL", place_of(config)),
            "Check host and port: PostgreSQL's own is 5432.");
}

Trial explain_connecting(const Error& error, const config::DatabaseConfig& config) {
  if (error.text.ends_with(std::strerror(ECONNREFUSED))) {
    return no("refused", fmt::format("nothing listens at {}", place_of(config)),
              "Check the port, and that the server listens on that address (listen_addresses in "
              "postgresql.conf).");
  }
  if (error.code == ErrorCode::kTimeout) {
    return no("timeout", fmt::format("{} does not answer", place_of(config)),
              "Check the address, and that no firewall drops what comes from the gateway.");
  }
  return no("unreachable", fmt::format("{} cannot be reached: {}", place_of(config), error.text),
            "Check the address, and that there is a route from the gateway to it.");
}

Trial explain_tls(const ServerConnection::Failure& failure, const config::DatabaseConfig& config) {
  const Error& error = failure.error;
  if (failure.stage == Stage::kAskingForTls) {
    if (error.code == ErrorCode::kTimeout) {
      return no(
          "timeout",
          fmt::format("what listens at {} does not answer as PostgreSQL does", place_of(config)),
          "Check host and port; if it is PostgreSQL, look into its log.");
    }
    if (error.code != ErrorCode::kDenied) return not_postgresql(config);
    return no("tls", fmt::format("{} does not offer TLS", place_of(config)),
              "Turn it on at the server (ssl = on); or say sslmode=disable in the url, if the "
              "password and the data may pass in clear.");
  }
  if (error.code == ErrorCode::kAuthentication) {
    return no("certificate", error.text,
              "Give the certificate of the authority that signed it, and the host name that stands "
              "in it; sslmode=verify-ca does not compare the name.");
  }
  return no("tls", fmt::format("TLS with {} fails: {}", place_of(config), error.text),
            "Check the server's certificate and key, and its ssl_min_protocol_version.");
}

Trial explain_server(const wire::postgres::ErrorFields& said,
                     const config::DatabaseConfig& config) {
  const std::string state(said.sqlstate());
  const std::string text = "the server says: " + to_printable_utf8(said.message());
  if (state == "28P01") {
    return no("login", text, "Check user and password: ALTER ROLE … PASSWORD sets a new one.");
  }
  if (state.starts_with("28")) {
    return no(
        "login", text,
        fmt::format("Check that there is a role \"{}\" that may log in, and that pg_hba.conf "
                    "lets it in from the gateway's address, {} TLS.",
                    config.user, config.sslmode == config::SslMode::kDisable ? "without" : "with"));
  }
  if (state == "3D000") {
    return no("database", text, "Check the name behind the host in the url, or CREATE DATABASE.");
  }
  if (state == "42501") {
    return no("privilege", text,
              fmt::format("GRANT CONNECT ON DATABASE \"{}\" TO \"{}\".", config.server_database,
                          config.user));
  }
  if (state.starts_with("53") || state.starts_with("57P")) {
    return no("busy", text, "Try again in a while; see max_connections and the server's log.");
  }
  return no("server", text + " (" + to_printable_utf8(state) + ")", "Look into the server's log.");
}

Trial explain_login(const ServerConnection::Failure& failure,
                    const config::DatabaseConfig& config) {
  const Error& error = failure.error;
  if (failure.server) return explain_server(*failure.server, config);
  if (error.code == ErrorCode::kTimeout) {
    return no(
        "timeout",
        fmt::format("what listens at {} does not answer as PostgreSQL does", place_of(config)),
        "Check host and port; if it is PostgreSQL, look into its log.");
  }
  if (error.code == ErrorCode::kDenied && error.text.find("no proof of the password") < 100) {
    return no(
        "no_password",
        fmt::format("{} lets \"{}\" in without asking for the password", place_of(config),
                    config.user),
        "Ask for it in pg_hba.conf (scram-sha-256); what lets in everybody may be anybody's.");
  }
  if (error.code == ErrorCode::kDenied || error.code == ErrorCode::kAuthentication) {
    return no("login", error.text,
              "Use scram-sha-256 in pg_hba.conf (password_encryption, then ALTER ROLE … PASSWORD), "
              "or name what the server may ask for by require_auth in the url.");
  }
  return not_postgresql(config);
}

bool says_yes(const catalog::Rows& rows, size_t column) {
  return !rows.empty() && column < rows.front().size() && rows.front()[column] == "t";
}

}  // namespace

std::string describe_server(const Asking& asking, Duration took) {
  return fmt::format("PostgreSQL {}, {}, {:.1f} ms", to_printable_utf8(asking.server_version()),
                     asking.tls().empty() ? "no TLS" : asking.tls(),
                     std::chrono::duration<double, std::milli>(took).count());
}

Trial explain_failure(const ServerConnection::Failure& failure,
                      const config::DatabaseConfig& config) {
  switch (failure.stage) {
    case Stage::kConnecting:
      return explain_connecting(failure.error, config);
    case Stage::kAskingForTls:
    case Stage::kHandshake:
      return explain_tls(failure, config);
    case Stage::kLogin:
      break;
  }
  return explain_login(failure, config);
}

Trial try_database(const config::DatabaseConfig& config, const config::HostPort& listener) {
  auto database = Database::create(config);
  if (!database) {
    return no("invalid", database.error().text,
              "Give the authority's certificate as PEM: -----BEGIN CERTIFICATE-----.");
  }
  if (const auto resolved = (*database)->refresh_addresses(); !resolved) {
    return no("dns", resolved.error().text,
              "Check the host's name; the gateway asks the name servers of its own machine.");
  }
  if (config.port == listener.port && leads_here(*(*database)->addresses(), listener.host)) {
    return no("invalid",
              fmt::format("\"{}\" is where the gateway itself listens; name the server's host and "
                          "port",
                          config.host),
              "Sluice does not stand before itself: statements would go round in it.");
  }
  const auto started = Clock::now();
  auto asking = reach(*database);
  if (!asking) return explain_failure(asking.error(), config);
  const auto took = Clock::now() - started;
  if ((*asking)->server_version().empty()) return not_postgresql(config);
  auto answer = (*asking)->ask(
      "SET statement_timeout = '10s'; SELECT rolsuper, rolbypassrls, "
      "pg_catalog.pg_is_in_recovery() "
      "FROM pg_catalog.pg_roles WHERE rolname = current_user");
  if (!answer || answer->size() < 2) {
    return no("server",
              "the server does not answer questions about itself" +
                  (answer ? "" : ": " + to_printable_utf8(answer.error().text)),
              "The gateway reads pg_catalog to know what statements do; look into its log.");
  }
  Trial out;
  out.server = describe_server(**asking, took);
  const auto& row = answer->back();
  if (says_yes(row, 0)) {
    out.warnings.push_back(
        fmt::format("\"{}\" is a superuser: one that owns the tables, or has the privileges it "
                    "needs, is enough",
                    config.user));
  } else if (says_yes(row, 1)) {
    out.warnings.push_back(
        fmt::format("row-level security does not hold for \"{}\" (BYPASSRLS)", config.user));
  }
  if (says_yes(row, 2)) out.warnings.emplace_back("it is a replica, and takes no changes");
  if ((*asking)->tls().empty())
    out.warnings.emplace_back("the connection is not encrypted: sslmode=disable in the url");
  return out;
}

}  // namespace sluice::gateway
