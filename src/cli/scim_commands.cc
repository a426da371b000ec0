#include <iostream>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/units.h"
#include "cli/actor.h"
#include "cli/credential_commands.h"
#include "cli/elsewhere.h"
#include "cli/open_store.h"
#include "cli/output.h"
#include "cli/tell_gateway.h"
#include "cli/told.h"
#include "control/credential_json.h"
#include "identity/scim_store.h"
#include "identity/scim_tokens.h"

namespace sluice::cli {
namespace json = boost::json;

namespace {

constexpr const char* kTokens = "/api/v1/scim/tokens";

void told_of_token(const Common& common, const std::string& id, const std::string& secret,
                   const std::string& until) {
  if (common.format == Format::kTable) std::cout << secret << '\n';
  told(common, {{"id", id}, {"secret", secret}, {"expires", until}},
       fmt::format("SCIM token {}, until {}; it is not shown again\nto end it: sluice scim token "
                   "revoke {}",
                   id, until, id));
}

/// For people, of one as the API tells of it.
json::object row_of(json::object token) {
  if (token.at("last_used").is_null()) token["last_used"] = "never";
  return token;
}

Result<> list_elsewhere(const Common& common, const ScimOptions& options, Listing listing) {
  SLUICE_ASSIGN(const auto found, call_elsewhere("GET", kTokens));
  for (const auto& token : found.as_array()) {
    if (listing.rows.size() >= common.limit) break;
    if (!options.all && plain(token.at("state")) != "live") continue;
    listing.rows.push_back(row_of(token.as_object()));
  }
  print(std::cout, listing, common.format);
  return {};
}

}  // namespace

Result<> scim_token_create(const Common& common, const ScimOptions& options) {
  if (is_elsewhere(common)) {
    const json::object body{{"for", options.lifetime}, {"label", options.label}};
    SLUICE_ASSIGN(const auto made, call_elsewhere("POST", kTokens, json::serialize(body)));
    told_of_token(common, plain(made.at("id")), plain(made.at("secret")),
                  plain(made.at("expires")));
    return {};
  }
  SLUICE_ASSIGN(const Duration lifetime, parse_duration(options.lifetime));
  SLUICE_ASSIGN(auto database, open_store(common));
  const int64_t expires =
      wall_micros() + std::chrono::duration_cast<std::chrono::microseconds>(lifetime).count();
  SLUICE_ASSIGN(const auto issued,
                identity::ScimTokens(database, actor()).create(options.label, expires));
  told_of_token(common, issued.id, std::string(issued.secret.reveal()),
                format_time(issued.expires_micros));
  return {};
}

Result<> scim_token_list(const Common& common, const ScimOptions& options) {
  Listing listing{{"id", "state", "label", "author", "created", "expires", "last_used"}, {}};
  if (is_elsewhere(common)) return list_elsewhere(common, options, std::move(listing));
  SLUICE_ASSIGN(auto database, open_store(common));
  SLUICE_ASSIGN(const auto all, identity::ScimTokens(database, actor()).list());
  const int64_t now = wall_micros();
  for (const auto& token : all) {
    if (listing.rows.size() >= common.limit) break;
    if (!options.all && !token.live(now)) continue;
    listing.rows.push_back(row_of(control::scim_token_json(token, now)));
  }
  print(std::cout, listing, common.format);
  return {};
}

Result<> scim_token_revoke(const Common& common, const ScimOptions& options) {
  if (is_elsewhere(common)) {
    SLUICE_TRY(
        call_elsewhere("DELETE", fmt::format("{}/{}", kTokens, percent_encoded(options.id))));
  } else {
    SLUICE_ASSIGN(auto database, open_store(common));
    SLUICE_TRY(identity::ScimTokens(database, actor()).revoke(options.id));
  }
  told(common, {{"id", options.id}, {"revoked", true}}, "");
  return {};
}

Result<> scim_adopt(const Common& common, const ScimOptions& options) {
  if (is_elsewhere(common)) {
    SLUICE_TRY(call_elsewhere("POST", "/api/v1/scim/adopt",
                              json::serialize(json::object{{"user", options.user}})));
  } else {
    SLUICE_ASSIGN(auto database, open_store(common));
    SLUICE_TRY(identity::ScimStore(database, actor()).adopt(options.user));
    tell_gateway(common, options.user);
  }
  told(common, {{"user", options.user}, {"adopted", true}}, "");
  return {};
}

}  // namespace sluice::cli
