#include <iostream>

#include <fmt/format.h>

#include "audit/filters.h"
#include "audit/legal_holds.h"
#include "base/parse_time.h"
#include "cli/actor.h"
#include "cli/call_gateway.h"
#include "cli/commands.h"
#include "cli/elsewhere.h"
#include "cli/open_store.h"
#include "cli/output.h"
#include "cli/told.h"

namespace sluice::cli {
namespace json = boost::json;

namespace {

constexpr const char* kHolds = "/api/v1/audit/holds";

Result<> add_hold(const Common& common, const HoldOptions& hold, const std::string& query) {
  if (is_elsewhere(common)) {
    const json::object body{{"name", hold.name}, {"query", query}, {"reason", hold.reason}};
    return call_elsewhere("POST", kHolds, json::serialize(body)).transform([](const auto&) {});
  }
  SLUICE_ASSIGN(auto store, open_store(common));
  return audit::add_hold(store, {hold.name, query, hold.reason, actor()});
}

Result<> release_hold(const Common& common, const HoldOptions& hold) {
  if (is_elsewhere(common)) {
    return call_elsewhere("DELETE", fmt::format("{}/{}", kHolds, percent_encoded(hold.name)),
                          json::serialize(json::object{{"reason", hold.reason}}))
        .transform([](const auto&) {});
  }
  SLUICE_ASSIGN(auto store, open_store(common));
  return audit::release_hold(store, hold.name, hold.reason, actor());
}

}  // namespace

Result<> audit_hold_add(const Common& common, const AuditOptions& options,
                        const HoldOptions& hold) {
  SLUICE_TRY(add_hold(common, hold, audit::to_query_string(options.filters)));
  told(
      common, {{"name", hold.name}, {"held", true}},
      fmt::format("no record that is so is erased until: sluice audit hold release {}", hold.name));
  return {};
}

Result<> audit_hold_list(const Common& common) {
  Listing listing{{"name", "query", "reason", "author", "time"}, {}};
  if (is_elsewhere(common)) {
    SLUICE_ASSIGN(const auto found, call_elsewhere("GET", kHolds));
    for (const auto& hold : found.as_array()) listing.rows.push_back(hold.as_object());
    print(std::cout, listing, common.format);
    return {};
  }
  SLUICE_ASSIGN(auto store, open_store(common));
  SLUICE_ASSIGN(const auto holds, audit::stored_holds(store));
  for (const auto& hold : holds) {
    listing.rows.push_back({{"name", hold.name},
                            {"query", hold.query},
                            {"reason", hold.reason},
                            {"author", hold.author},
                            {"time", format_time(hold.time_micros)}});
  }
  print(std::cout, listing, common.format);
  return {};
}

Result<> audit_hold_release(const Common& common, const HoldOptions& hold) {
  SLUICE_TRY(release_hold(common, hold));
  told(common, {{"name", hold.name}, {"released", true}}, "");
  return {};
}

Result<> audit_retention(const Common& common, bool run) {
  SLUICE_ASSIGN(const auto answer,
                call_gateway(common, run ? "POST" : "GET", "/api/v1/audit/retention"));
  Listing listing{{"rule", "keep", "due", "held", "torn", "torn_held"}, {}};
  for (const auto& row : answer.at("rules").as_array()) listing.rows.push_back(row.as_object());
  print(std::cout, listing, common.format);
  if (run) {
    std::cerr << "what was due is erased; not what legal holds keep, and not yet what stands in "
                 "segments that are still being written\n";
  } else if (listing.rows.empty()) {
    std::cerr << "everything is kept for ever: the configuration has no audit.retention\n";
  } else {
    std::cerr << "what is due goes within a day, or at once with --run\n";
  }
  return {};
}

}  // namespace sluice::cli
