// sluice policy save, history, rollback: the policy that is kept in the store.
#include <iostream>

#include <fmt/format.h>

#include "cli/actor.h"
#include "cli/call_as.h"
#include "cli/call_gateway.h"
#include "cli/commands.h"
#include "cli/elsewhere.h"
#include "cli/told.h"
#include "config/config.h"
#include "gateway/policy_keeper.h"
#include "store/state.h"

namespace sluice::cli {
namespace json = boost::json;

namespace {

/// The version that a change is meant to follow: what the user said, or the latest now.
Result<int64_t> expected_number(const Common& common, const PolicyOptions& options) {
  if (options.expect) return *options.expect;
  SLUICE_ASSIGN(const auto versions, call_gateway(common, "GET", "/api/v1/policy/versions"));
  const auto& all = versions.as_array();
  return all.empty() ? 0 : all.front().at("number").to_number<int64_t>();
}

Result<> save_through_gateway(const Common& common, const std::string& text,
                              const std::string& file, const std::string& comment,
                              int64_t expected) {
  const json::object question{{"text", text},
                              {"file", file},
                              {"author", actor()},
                              {"comment", comment},
                              {"expected", expected}};
  SLUICE_ASSIGN(const auto in_force, call_gateway(common, "GET", "/api/v1/policy"));
  const std::string body = json::serialize(question);
  if (in_force.as_object().contains("approve_by")) {
    // Who keeps the state folder has to say who they are as well: they do not approve it.
    SLUICE_ASSIGN(const auto somebody, Somebody::prove(common, {}));
    SLUICE_ASSIGN(const auto asked, somebody.call("PUT", "/api/v1/policy", body));
    const auto& request = asked.at("waiting_for_approval");
    told(common, {{"in_force", false}, {"waiting_for_approval", request}},
         fmt::format(
             "not in force yet: it waits for approval, request {0}; see: sluice approval show {0}",
             plain(request)));
    return {};
  }
  SLUICE_ASSIGN(const auto saved, call_gateway(common, "PUT", "/api/v1/policy", body));
  told(common,
       {{"in_force", true}, {"number", saved.at("number")}, {"version", saved.at("version")}},
       fmt::format("policy {} saved and in force, version {}", plain(saved.at("number")),
                   plain(saved.at("version"))));
  return {};
}

Result<> save_offline(const Common& common, const PolicyOptions& options, std::string text) {
  SLUICE_TRY(only_here(common, "leave out --offline"));
  SLUICE_ASSIGN(const auto config, config::load(common.config_file, false));
  SLUICE_ASSIGN(auto database, store::open_state(config));
  SLUICE_ASSIGN(const auto latest, store::latest_policy_version(database));
  store::PolicyVersion next;
  next.author = actor();
  next.comment = options.comment;
  next.text = std::move(text);
  SLUICE_ASSIGN(const int64_t number,
                gateway::save_policy(config.policy, database, std::move(next), options.file,
                                     options.expect.value_or(latest ? latest->number : 0)));
  told(common, {{"number", number}}, fmt::format("policy {} saved", number));
  return {};
}

}  // namespace

Result<> policy_save(const Common& common, const PolicyOptions& options) {
  SLUICE_ASSIGN(const auto policy, load_policy_named(options.file));
  if (options.offline) return save_offline(common, options, policy->text());
  SLUICE_ASSIGN(const int64_t expected, expected_number(common, options));
  return save_through_gateway(common, policy->text(), options.file, options.comment, expected);
}

Result<> policy_history(const Common& common) {
  SLUICE_ASSIGN(auto versions, call_gateway(common, "GET", "/api/v1/policy/versions"));
  Listing listing{{"number", "version", "time", "author", "comment"},
                  std::move(versions.as_array())};
  if (listing.rows.size() > common.limit) listing.rows.resize(common.limit);
  print(std::cout, listing, common.format);
  return {};
}

Result<> policy_rollback(const Common& common, const PolicyOptions& options) {
  SLUICE_ASSIGN(
      const auto old,
      call_gateway(common, "GET", fmt::format("/api/v1/policy/versions/{}", options.number)));
  SLUICE_ASSIGN(const int64_t expected, expected_number(common, options));
  return save_through_gateway(common, plain(old.at("text")), plain(old.at("name")),
                              fmt::format("rollback to {}", options.number), expected);
}

}  // namespace sluice::cli
