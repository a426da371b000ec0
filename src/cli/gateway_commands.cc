// Commands that ask the running gateway, or only the configuration.
#include <iostream>

#include <fmt/format.h>
#include <unistd.h>

#include "audit/retention.h"
#include "cli/call_gateway.h"
#include "cli/commands.h"
#include "cli/elsewhere.h"
#include "config/config.h"
#include "control/api.h"
#include "stream/anchors.h"
#include "stream/streams.h"

namespace sluice::cli {

Result<> session_list(const Common& common) {
  SLUICE_ASSIGN(auto value, call_gateway(common, "GET", "/api/v1/sessions"));
  Listing listing{{"id", "user", "database", "state", "started", "statements", "client",
                   "application", "last_statement"},
                  std::move(value.as_array())};
  if (listing.rows.size() > common.limit) listing.rows.resize(common.limit);
  print(std::cout, listing, common.format);
  return {};
}

Result<> session_kill(const Common& common, uint64_t id) {
  SLUICE_ASSIGN([[maybe_unused]] const auto value,
                call_gateway(common, "DELETE", fmt::format("/api/v1/sessions/{}", id),
                             fmt::format("uid {} on the command line", getuid())));
  std::cerr << fmt::format("session {} ended\n", id);
  return {};
}

Result<> audit_streams(const Common& common) {
  SLUICE_ASSIGN(auto value, call_gateway(common, "GET", "/api/v1/streams"));
  print(std::cout,
        Listing{{"name", "type", "target", "working", "lag", "sent", "filtered", "rejected",
                 "failures", "last_success", "last_error"},
                std::move(value.as_array())},
        common.format);
  return {};
}

namespace {

Result<> database_list_elsewhere(const Common& common) {
  SLUICE_ASSIGN(auto found, call_elsewhere("GET", "/api/v1/databases"));
  Listing listing{{"name", "environment", "masking"}, {}};
  for (auto& row : found.as_array()) listing.rows.push_back(std::move(row.as_object()));
  print(std::cout, listing, common.format);
  return {};
}

}  // namespace

Result<> database_list(const Common& common) {
  if (is_elsewhere(common)) return database_list_elsewhere(common);
  SLUICE_ASSIGN(const auto config, config::load(common.config_file, false));
  Listing listing{{"name", "environment", "server", "user", "pool_size"}, {}};
  for (const auto& database : config.databases) {
    if (listing.rows.size() >= common.limit) break;
    listing.rows.push_back(boost::json::object{
        {"name", database.name},
        {"environment", database.environment},
        {"server", fmt::format("{}:{}/{}", database.host, database.port, database.server_database)},
        {"user", database.user},
        {"pool_size", database.pool.size}});
  }
  print(std::cout, listing, common.format);
  return {};
}

Result<> database_check(const Common& common, const std::string& name) {
  SLUICE_ASSIGN(const auto config, config::load(common.config_file, false));
  Listing listing{{"name", "ok", "server"}, {}};
  Result<> outcome;
  bool found = false;
  for (const auto& database : config.databases) {
    if (!name.empty() && database.name != name) continue;
    found = true;
    const auto value =
        call_gateway(common, "POST", fmt::format("/api/v1/databases/{}/check", database.name));
    if (!value) outcome = fail(value.error());
    listing.rows.push_back(
        boost::json::object{{"name", database.name},
                            {"ok", value.has_value()},
                            {"server", value ? plain(value->at("server")) : value.error().text}});
  }
  if (!found) {
    return fail(ErrorCode::kNotFound,
                fmt::format("no database \"{}\" in {}; see: sluice database list", name,
                            common.config_file));
  }
  print(std::cout, listing, common.format);
  return outcome;
}

Result<> config_check(const Common& common) {
  SLUICE_ASSIGN(const auto config, config::load(common.config_file, true));
  SLUICE_TRY(stream::Streams::check(config.audit.streams));
  SLUICE_TRY(stream::Anchors::check(config.audit.anchors));
  SLUICE_ASSIGN([[maybe_unused]] const auto rules, audit::retention_rules(config.audit.retention));
  if (common.format == Format::kJson) {
    std::cout << boost::json::serialize(
                     boost::json::object{{"ok", true}, {"databases", config.databases.size()}})
              << '\n';
  } else {
    std::cout << fmt::format("{}: good, {} database(s)\n", common.config_file,
                             config.databases.size());
  }
  return {};
}

Result<> version(const Common& common) {
  const boost::json::object version{{"version", control::kVersion}};
  if (common.format == Format::kJson) {
    std::cout << boost::json::serialize(version) << '\n';
  } else if (common.format == Format::kCsv) {
    print(std::cout, Listing{{"version"}, {version}}, Format::kCsv);
  } else {
    std::cout << "sluice " << control::kVersion << '\n';
  }
  return {};
}

}  // namespace sluice::cli
