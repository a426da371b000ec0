// sluice audit reconcile: whether all that a server has committed has passed through the gateway.
#include <algorithm>
#include <iostream>

#include <fmt/format.h>
#include <unistd.h>

#include "base/parse_time.h"
#include "cli/commands.h"
#include "cli/elsewhere.h"
#include "cli/leave_word.h"
#include "cli/output.h"
#include "config/config.h"
#include "control/reconciling.h"
#include "store/state.h"

namespace sluice::cli {
namespace json = boost::json;

namespace {

Result<json::object> compare_here(const Common& common, const ReconcileOptions& options) {
  SLUICE_ASSIGN(const auto config, config::load(common.config_file, true));
  const auto found =
      std::find_if(config.databases.begin(), config.databases.end(),
                   [&](const auto& database) { return database.name == options.database; });
  if (found == config.databases.end()) {
    return fail(ErrorCode::kNotFound, fmt::format("no database \"{}\" in {}; see: sluice database "
                                                  "list",
                                                  options.database, common.config_file));
  }
  control::ReconcileWish wish{options.slot, 0, options.create_slot, options.keep, common.limit};
  SLUICE_ASSIGN(wish.since_micros, parse_time(options.since));
  SLUICE_ASSIGN(auto state, store::open_local(config.state));
  SLUICE_ASSIGN(auto installation, store::open_state(config));
  SLUICE_ASSIGN(auto secret, store::installation_secret(installation));
  control::Reconciling place{
      *found, config.state / "audit", state, SecretString(std::move(secret)),
      [&common](const std::string& word) { return leave_word(common, word, "evidence"); }};
  if (isatty(STDERR_FILENO) != 0) {
    place.progress = [](uint64_t transactions, std::string_view at, std::string_view end) {
      std::cerr << fmt::format("\r{} transactions, at {} of {}\r", transactions, at, end)
                << std::flush;
    };
  }
  SLUICE_ASSIGN(const auto outcome, control::reconcile(place, wish));
  if (outcome.created && !found->stamp_writes) {
    std::cerr << "sluice: stamp_writes is not on for it: without stamps nothing is explained\n";
  }
  return to_json(outcome);
}

Result<json::object> compare_elsewhere(const Common& common, const ReconcileOptions& options) {
  const json::object body{{"database", options.database},
                          {"slot", options.slot},
                          {"since", options.since},
                          {"keep", options.keep},
                          {"create_slot", options.create_slot},
                          {"limit", common.limit}};
  SLUICE_ASSIGN(auto answer,
                call_elsewhere("POST", "/api/v1/audit/reconciliations", json::serialize(body)));
  return std::move(answer.as_object());
}

/// What one part has found, to what those before it have.
void add(json::object& all, json::object part) {
  if (all.empty()) {
    all = std::move(part);
    return;
  }
  all["to"] = part["to"];
  for (const char* name : {"gap", "limited"})
    all[name] = all[name].as_bool() || part[name].as_bool();
  for (const char* name : {"transactions", "explained", "unexplained"})
    all[name] = all[name].to_number<uint64_t>() + part[name].to_number<uint64_t>();
  for (auto& finding : part["findings"].as_array())
    all["findings"].as_array().push_back(std::move(finding));
}

Result<> print_outcome(const Common& common, const ReconcileOptions& options,
                       json::object& outcome) {
  Listing listing{{"time", "finding", "xid", "changes", "nearby", "text"}, {}};
  for (auto& row : outcome["findings"].as_array()) listing.rows.push_back(row.as_object());
  print(std::cout, listing, common.format);
  const auto count = [&](std::string_view name) { return outcome[name].to_number<uint64_t>(); };
  if (outcome["limited"].as_bool()) {
    const bool stays = options.keep || !options.since.empty();
    std::cerr << fmt::format(
        "sluice: the first {} findings; {}\n", listing.rows.size(),
        stays ? "--limit shows more" : "call it again for what lies behind, or with --limit");
  }
  std::cerr << fmt::format("{} to {}: {} transaction(s), {} explained, {} not\n",
                           plain(outcome["from"]), plain(outcome["to"]), count("transactions"),
                           count("explained"), count("unexplained"));
  if (count("unexplained") == 0 && !outcome["gap"].as_bool()) return {};
  return fail(ErrorCode::kDenied, "something was committed that no record explains");
}

}  // namespace

Result<> audit_reconcile(const Common& common, const ReconcileOptions& options) {
  const bool away = is_elsewhere(common);
  json::object all;
  // Elsewhere a gateway compares for a while and says that there is more; the next time goes on.
  for (bool more = true; more;) {
    SLUICE_ASSIGN(auto outcome,
                  away ? compare_elsewhere(common, options) : compare_here(common, options));
    if (outcome["created"].as_bool()) {
      std::cerr << fmt::format(
          "slot {} begins at {}; the server keeps WAL until it is read: reconcile regularly\n",
          plain(outcome["slot"]), plain(outcome["from"]));
      for (const auto& gap : outcome["findings"].as_array())
        std::cerr << "sluice: " << plain(gap.at("text")) << "\n";
      return {};
    }
    more = outcome["more"].as_bool() && !outcome["limited"].as_bool();
    add(all, std::move(outcome));
    if (more && (options.keep || !options.since.empty())) {
      return fail(ErrorCode::kUnavailable,
                  fmt::format("there was time up to {} alone: compare without --keep and --since, "
                              "or on the gateway's own machine",
                              plain(all["to"])));
    }
  }
  return print_outcome(common, options, all);
}

}  // namespace sluice::cli
