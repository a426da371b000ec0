// sluice audit who-saw: who has received a value.
#include <iostream>

#include <fmt/format.h>

#include "audit/answers_json.h"
#include "cli/commands.h"
#include "cli/damage.h"
#include "cli/elsewhere.h"
#include "cli/leave_word.h"
#include "config/config.h"
#include "control/asked_value.h"
#include "store/state.h"

namespace sluice::cli {
namespace {

const std::vector<std::string> kColumns = {
    "time",    "user",     "principal_kind", "actors",  "seen", "certain", "spelled",
    "session", "database", "rows",           "through", "text", "id"};

}  // namespace

Result<> audit_who_saw(const Common& common, const WhoSawOptions& options) {
  if (is_elsewhere(common)) return audit_who_saw_elsewhere(common, options);
  SLUICE_ASSIGN(const auto config, config::load(common.config_file, false));
  // The value itself does not go on the record.
  SLUICE_TRY(leave_word(common, "asked who has seen a value"));
  SLUICE_ASSIGN(auto database, store::open_state(config));
  SLUICE_ASSIGN(const auto secret, store::installation_secret(database));
  SLUICE_ASSIGN(auto query, control::asked_value(secret, options.value, options.exact));
  query.masked_too = options.masked_too;
  SLUICE_ASSIGN(query.since_micros, parse_time(options.since));
  SLUICE_ASSIGN(query.until_micros, parse_time(options.until));
  query.limit = common.limit;
  SLUICE_ASSIGN(const auto all, audit::who_saw(config.state / "audit", query));
  Listing listing{kColumns, {}};
  for (const auto& one : all) listing.rows.push_back(audit::to_json(one));
  print(std::cout, listing, common.format);
  if (all.size() == common.limit) {
    std::cerr << fmt::format("sluice: the newest {}; --limit shows more\n", common.limit);
  }
  return warn_of_damage(config.state / "audit");
}

}  // namespace sluice::cli
