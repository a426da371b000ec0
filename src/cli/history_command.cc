// sluice audit history: who changed a table, a column or a row.
#include <iostream>

#include "audit/answers_json.h"
#include "audit/filters.h"
#include "cli/commands.h"
#include "cli/elsewhere.h"
#include "cli/leave_word.h"
#include "config/config.h"

namespace sluice::cli {
namespace {

const std::vector<std::string> kColumns = {"time",     "user", "outcome", "row",     "rows", "rule",
                                           "approval", "kind", "text",    "session", "id"};

Result<> history_elsewhere(const Common& common, const HistoryOptions& options) {
  audit::Given given{{"limit", std::to_string(common.limit)}};
  if (options.definitions) given.emplace_back("definitions", "true");
  for (const auto& [name, value] :
       {std::pair("table", &options.table), std::pair("database", &options.database),
        std::pair("column", &options.column), std::pair("where", &options.where),
        std::pair("since", &options.since), std::pair("until", &options.until)}) {
    if (!value->empty()) given.emplace_back(name, *value);
  }
  SLUICE_ASSIGN(auto found,
                call_elsewhere("GET", "/api/v1/audit/history?" + audit::to_query_string(given)));
  Listing listing{kColumns, {}};
  for (auto& row : found.at("records").as_array()) listing.rows.push_back(row.as_object());
  print(std::cout, listing, common.format);
  return {};
}

}  // namespace

Result<> audit_history(const Common& common, const HistoryOptions& options) {
  audit::HistoryQuery query;
  if (options.table.empty() && !options.definitions) {
    return fail(ErrorCode::kInvalidInput,
                "say which TABLE; or --definitions, for what all tables are and were");
  }
  query.table = options.table;
  query.database = options.database;
  query.column = options.column;
  query.definitions = options.definitions;
  query.limit = common.limit;
  if (!options.where.empty()) {
    const size_t equals = options.where.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == options.where.size()) {
      return fail(ErrorCode::kInvalidInput,
                  "--where takes COLUMN=VALUE such as id=42, got \"" + options.where + "\"");
    }
    query.key = options.where.substr(0, equals);
    query.value = options.where.substr(equals + 1);
  }
  if (is_elsewhere(common)) return history_elsewhere(common, options);
  SLUICE_ASSIGN(query.since_micros, parse_time(options.since));
  SLUICE_ASSIGN(query.until_micros, parse_time(options.until));
  SLUICE_ASSIGN(const auto config, config::load(common.config_file, false));
  SLUICE_TRY(leave_word(
      common, "history of " + (options.table.empty() ? "all definitions" : options.table)));
  SLUICE_ASSIGN(const auto changes, audit::history(config.state / "audit", query));
  Listing listing{kColumns, {}};
  for (const auto& change : changes) listing.rows.push_back(audit::to_json(query, change));
  print(std::cout, listing, common.format);
  return {};
}

}  // namespace sluice::cli
