#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/clock.h"
#include "base/units.h"
#include "cli/actor.h"
#include "cli/call_gateway.h"
#include "cli/credential_commands.h"
#include "cli/elsewhere.h"
#include "cli/kept.h"
#include "cli/open_store.h"
#include "cli/output.h"
#include "cli/tell_gateway.h"
#include "cli/told.h"
#include "identity/credential_store.h"
#include "identity/token_rules.h"

namespace sluice::cli {
namespace {

std::string_view state_of(const identity::Credential& credential, int64_t now) {
  const bool by_time = credential.revoked_micros == credential.expires_micros;
  if (credential.revoked_micros != 0 && !by_time) return "revoked";
  return credential.live(now) ? "live" : "expired";
}

boost::json::object row_of(const identity::Credential& credential, int64_t now) {
  const auto list = [](const std::vector<std::string>& words) {
    return boost::json::array(words.begin(), words.end());
  };
  return {{"id", credential.id},
          {"user", credential.user},
          {"kind", identity::name_of(credential.kind)},
          {"state", state_of(credential, now)},
          {"databases", list(credential.databases)},
          {"created", format_time(credential.created_micros)},
          {"expires", format_time(credential.expires_micros)},
          {"last_used",
           credential.last_used_micros == 0 ? "never" : format_time(credential.last_used_micros)},
          {"authenticated_by", credential.assurance.method},
          {"actors", list(credential.actors)},
          {"scopes", list(credential.scopes)},
          {"label", credential.label}};
}

void told_of_token(const Common& common, std::string_view secret, std::string_view id,
                   const std::string& user, std::string_view expires) {
  if (common.format == Format::kTable) std::cout << secret << '\n';
  told(common, {{"id", id}, {"user", user}, {"secret", secret}, {"expires", expires}},
       fmt::format(
           "token {} of \"{}\", until {}; it is not shown again\nto end it: sluice token revoke {}",
           id, printable(user), expires, id));
}

Result<> token_create_elsewhere(const Common& common, const TokenOptions& options) {
  boost::json::object body{{"for", options.lifetime},
                           {"scopes", boost::json::value_from(options.scopes)},
                           {"databases", boost::json::value_from(options.databases)},
                           {"label", options.label}};
  if (!options.acts_for.empty()) body["acts_for"] = options.acts_for;
  SLUICE_ASSIGN(
      const auto made,
      call_elsewhere("POST", fmt::format("/api/v1/users/{}/tokens", percent_encoded(options.user)),
                     boost::json::serialize(body)));
  told_of_token(common, plain(made.at("secret")), plain(made.at("id")), options.user,
                plain(made.at("expires")));
  return {};
}

constexpr const char* kOwn = "/api/v1/session/credentials";

/// The users whose credentials one may see, with those that live: everybody, or oneself alone, and
/// whether it is that.
struct Seen {
  boost::json::array users;
  bool own = false;
};

Result<Seen> seen_elsewhere() {
  auto users = call_elsewhere("GET", "/api/v1/users");
  if (users) return Seen{std::move(users->as_array()), false};
  if (users.error().code != ErrorCode::kDenied) return fail(std::move(users.error()));
  auto own = call_elsewhere("GET", kOwn);
  if (!own) return fail(std::move(users.error()));  // What it says of roles is of more use.
  SLUICE_ASSIGN(auto session, call_elsewhere("GET", "/api/v1/session"));
  std::cerr << "your own alone: all are for auditors and admins\n";
  return Seen{{boost::json::object{{"name", session.at("user")}, {"credentials", std::move(*own)}}},
              true};
}

/// Credentials of those, each with its user.
Result<std::vector<boost::json::object>> credentials_elsewhere() {
  SLUICE_ASSIGN(auto seen, seen_elsewhere());
  std::vector<boost::json::object> out;
  for (auto& user : seen.users) {
    for (auto& credential : user.at("credentials").as_array()) {
      auto& row = out.emplace_back(std::move(credential.as_object()));
      row["user"] = user.at("name");
      row["state"] = "live";
    }
  }
  return out;
}

Result<> token_list_elsewhere(const Common& common, const TokenOptions& options) {
  if (options.all)
    return fail(ErrorCode::kInvalidInput, "--all works only at the gateway (docs/api.md)");
  SLUICE_ASSIGN(auto all, credentials_elsewhere());
  Listing listing{
      {"id", "user", "kind", "state", "databases", "expires", "last_used", "acts_for", "label"},
      {}};
  for (auto& row : all) {
    if (listing.rows.size() >= common.limit) break;
    if (options.user.empty() || plain(row["user"]) == options.user)
      listing.rows.push_back(std::move(row));
  }
  print(std::cout, listing, common.format);
  return {};
}

/// The id of the login that these commands show; empty: SLUICE_TOKEN is shown, which does not tell.
std::string id_in_use() {
  if (const char* token = std::getenv("SLUICE_TOKEN"); token != nullptr && token[0] != '\0')
    return {};
  const char* gateway = std::getenv("SLUICE_GATEWAY");
  const auto kept = kept_credential(gateway == nullptr ? "" : gateway);
  return kept ? kept->id : std::string();
}

Result<> token_revoke_elsewhere(const Common& common, const TokenOptions& options) {
  SLUICE_ASSIGN(const auto seen, seen_elsewhere());
  std::vector<std::pair<std::string, std::string>> ending;
  bool known = options.user.empty();
  for (const auto& user : seen.users) {
    const std::string name = plain(user.at("name"));
    known = known || name == options.user;
    for (const auto& credential : user.at("credentials").as_array()) {
      const std::string id = plain(credential.at("id"));
      if (id == options.id || name == options.user) ending.emplace_back(name, id);
    }
  }
  if (!known) return fail(ErrorCode::kNotFound, "there is no user " + options.user);
  if (ending.empty() && !options.id.empty())
    return fail(ErrorCode::kNotFound, "no live credential has the id " + options.id);
  // What lets these requests in ends last: behind it nothing more could be ended.
  const std::string own = id_in_use();
  std::stable_partition(ending.begin(), ending.end(),
                        [&](const auto& one) { return one.second != own; });
  size_t ended = 0;
  for (const auto& [user, id] : ending) {
    const auto done = call_elsewhere(
        "DELETE", seen.own ? fmt::format("{}/{}", kOwn, percent_encoded(id))
                           : fmt::format("/api/v1/users/{}/credentials/{}", percent_encoded(user),
                                         percent_encoded(id)));
    if (!done) {
      return fail(
          Error(done.error())
              .within(fmt::format("{} of {} credential(s) revoked, then", ended, ending.size())));
    }
    ++ended;
  }
  told(common, {{"revoked", ended}}, fmt::format("{} credential(s) revoked", ended));
  return {};
}

/// Another gateway on the store may have one of that name, so it is no error.
void warn_of_databases(const Common& common, const std::vector<std::string>& wanted) {
  if (wanted.empty()) return;
  const auto known = call_gateway(common, "GET", "/api/v1/databases");
  if (!known || !known->is_array()) return;
  std::vector<std::string> names;
  for (const auto& each : known->get_array()) names.push_back(plain(each.at("name")));
  for (const auto& name : wanted) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    std::cerr << printable(fmt::format("warning: this gateway has no database \"{}\"; it has {}",
                                       name, fmt::join(names, ", ")))
              << '\n';
  }
}

}  // namespace

Result<> token_create(const Common& common, const TokenOptions& options) {
  SLUICE_ASSIGN(const Duration lifetime, parse_duration(options.lifetime));
  SLUICE_ASSIGN(const auto next,
                identity::new_token({options.user, lifetime, options.label, options.scopes,
                                     options.databases, options.acts_for}));
  warn_of_databases(common, options.databases);
  if (is_elsewhere(common)) return token_create_elsewhere(common, options);
  SLUICE_ASSIGN(auto database, open_store(common));
  SLUICE_ASSIGN(const auto issued, identity::CredentialStore(database, actor()).issue(next));
  tell_gateway(common, options.user);
  told_of_token(common, issued.secret.reveal(), issued.id, options.user,
                format_time(issued.expires_micros));
  return {};
}

Result<> token_list(const Common& common, const TokenOptions& options) {
  if (is_elsewhere(common)) return token_list_elsewhere(common, options);
  SLUICE_ASSIGN(auto database, open_store(common));
  SLUICE_ASSIGN(const auto all,
                identity::CredentialStore(database, actor())
                    .list(options.user.empty() ? std::nullopt : std::optional(options.user)));
  Listing listing{
      {"id", "user", "kind", "state", "databases", "expires", "last_used", "actors", "label"}, {}};
  const int64_t now = wall_micros();
  for (const auto& credential : all) {
    if (listing.rows.size() >= common.limit) break;
    if (options.all || credential.live(now)) listing.rows.push_back(row_of(credential, now));
  }
  print(std::cout, listing, common.format);
  return {};
}

Result<> token_revoke(const Common& common, const TokenOptions& options) {
  if (options.id.empty() == options.user.empty())
    return fail(ErrorCode::kInvalidInput, "give an id, or --user to revoke all of a user");
  if (is_elsewhere(common)) return token_revoke_elsewhere(common, options);
  SLUICE_ASSIGN(auto database, open_store(common));
  identity::CredentialStore credentials(database, actor());
  if (!options.id.empty()) {
    SLUICE_TRY(credentials.revoke(options.id));
    // Whose it was does not matter: all are read.
    tell_gateway(common, "-");
    told(common, {{"revoked", 1}}, "");
    return {};
  }
  SLUICE_ASSIGN(const int64_t ended, credentials.revoke_of(options.user));
  tell_gateway(common, options.user);
  told(common, {{"revoked", ended}},
       fmt::format("{} credential(s) of \"{}\" revoked", ended, printable(options.user)));
  return {};
}

}  // namespace sluice::cli
