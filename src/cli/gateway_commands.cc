// Commands that ask the running gateway, or only the configuration.
#include <iostream>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/call_gateway.h"
#include "cli/check_config.h"
#include "cli/commands.h"
#include "cli/told.h"
#include "config/config.h"
#include "control/api.h"

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
  told(common, {{"id", id}, {"ended", true}}, fmt::format("session {} ended", id));
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

Result<> config_check(const Common& common) {
  SLUICE_ASSIGN(const auto config, config::load(common.config_file, true));
  SLUICE_TRY(check_config(config, Wanted::kStart));
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
