// sluice audit subjects: how much people have seen.
#include <iostream>

#include "audit/answers_json.h"
#include "base/clock.h"
#include "cli/commands.h"
#include "cli/elsewhere.h"
#include "cli/leave_word.h"
#include "config/config.h"

namespace sluice::cli {
namespace {

const std::vector<std::string> kColumns = {"day", "user", "subjects", "exact", "statements"};

}  // namespace

Result<> audit_subjects(const Common& common, const AuditOptions& options) {
  if (is_elsewhere(common)) return audit_subjects_elsewhere(common, options);
  SLUICE_ASSIGN(const auto config, config::load(common.config_file, false));
  SLUICE_ASSIGN(const auto query, query_of(common, options));
  SLUICE_TRY(leave_word(common, "counted who has seen how much"));
  SLUICE_ASSIGN(const auto all, audit::subjects_seen(config.state / "audit", query, wall_micros()));
  Listing listing{kColumns, {}};
  for (const auto& one : all) listing.rows.push_back(audit::to_json(one));
  print(std::cout, listing, common.format);
  return {};
}

Result<> audit_subjects_elsewhere(const Common& common, const AuditOptions& options) {
  std::string path = "/api/v1/audit/subjects?" + audit::to_query_string(options.filters) +
                     "&limit=" + std::to_string(common.limit);
  if (!options.saved.empty()) path += "&saved=" + percent_encoded(options.saved);
  SLUICE_ASSIGN(auto found, call_elsewhere("GET", path));
  Listing listing{kColumns, {}};
  for (auto& row : found.at("subjects").as_array()) listing.rows.push_back(row.as_object());
  print(std::cout, listing, common.format);
  return {};
}

}  // namespace sluice::cli
