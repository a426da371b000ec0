#include "control/caller.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/lower_case.h"
#include "gateway/identified.h"
#include "net/peer_network.h"

namespace sluice::control {
namespace {

tl::unexpected<Error> refused() {
  return fail(ErrorCode::kAuthentication,
              "the credential is not right, or no longer good: sluice login gives a new one");
}

Result<Caller> by_credential(std::string_view secret, const identity::Directory& directory,
                             std::string_view scope) {
  const identity::Credential* shown = directory.credential_of_secret(secret);
  if (shown == nullptr) return refused();
  const identity::User* user = directory.find(shown->user);
  // For whichever database it is good; what is about one asks again.
  const std::string anywhere = shown->databases.empty() ? "" : shown->databases.front();
  if (user == nullptr ||
      gateway::not_welcome(directory, *user, shown, anywhere, wall_micros()).has_value())
    return refused();
  if (shown->kind == identity::CredentialKind::kToken &&
      std::find(shown->scopes.begin(), shown->scopes.end(), scope) == shown->scopes.end()) {
    return fail(ErrorCode::kDenied,
                "this token lacks the scope \"" + std::string(scope) + "\": make one that has it");
  }
  return Caller{user->name, shown->assurance.method, shown->id, std::string(shown->acts_for()),
                shown->databases};
}

/// Whether an address is of this machine.
bool is_here(std::string_view peer) {
  return peer.starts_with("127.") || peer == "::1" || peer.starts_with("::ffff:127.");
}

}  // namespace

Result<Caller> who_asks(const HttpRequest& request, const identity::Directory& directory,
                        std::string_view scope) {
  if (const std::string_view secret = bearer_of(request); !secret.empty())
    return by_credential(secret, directory, scope);
  return fail(ErrorCode::kAuthentication,
              "say who you are: Authorization: Bearer with a credential, from sluice login or POST "
              "/api/v1/login");
}

std::string share_of(const HttpRequest& request, const identity::Directory& directory) {
  const std::string_view secret = bearer_of(request);
  const auto* shown = secret.empty() ? nullptr : directory.credential_of_secret(secret);
  return shown != nullptr && shown->live(wall_micros()) ? share_of_user(shown->user)
                                                        : share_of_peer(request.peer);
}

std::string share_of_user(const std::string& user) { return "user " + user; }

std::string share_of_peer(const std::string& peer) { return "peer " + net::network_of(peer); }

std::string share_of_login(const std::string& peer) {
  return "login from " + net::network_of(peer);
}

std::string counted_source(const std::string& peer, const config::IdentityConfig& config) {
  return config.behind_tls ? std::string() : net::network_of(peer);
}

Reader reader_for(const HttpRequest& request, const Caller& caller) {
  if (request.roles.meet(Role::kAuditor | Role::kAdmin)) return {{}, {}, caller.databases};
  return {caller.user, caller.person, caller.databases};
}

bool Reader::sees_databases(std::string_view names) const {
  constexpr std::string_view kBetween = ", ";
  while (!databases.empty() && !names.empty()) {
    const auto name = names.substr(0, names.find(kBetween));
    if (std::find(databases.begin(), databases.end(), name) == databases.end()) return false;
    names.remove_prefix(std::min(names.size(), name.size() + kBetween.size()));
  }
  return true;
}

bool is_own(const Reader& reader, std::string_view user, std::string_view person) {
  return reader.user == user && (reader.person.empty() || reader.person == person);
}

bool shown_for(const HttpRequest& request, const identity::Directory& directory,
               std::string_view database) {
  const auto secret = bearer_of(request);
  if (secret.empty()) return true;
  const auto* shown = directory.credential_of_secret(secret);
  return shown != nullptr && shown->good_for(database);
}

std::string_view bearer_of(const HttpRequest& request) {
  const std::string_view header = request.authorization;
  const size_t space = header.find(' ');
  if (space == std::string_view::npos) return {};
  return lower_case(header.substr(0, space)) == "bearer" ? header.substr(space + 1)
                                                         : std::string_view();
}

bool reached_safely(const HttpRequest& request, const config::IdentityConfig& config) {
  return request.tls || config.behind_tls || request.peer.empty() || is_here(request.peer);
}

bool from_elsewhere(const HttpRequest& request, const config::IdentityConfig& config,
                    std::string_view own_url) {
  const auto origin = request.header("origin");
  if (origin.empty()) return false;
  const size_t scheme = origin.find("://");
  if (scheme == std::string_view::npos) return true;
  const auto host = origin.substr(scheme + 3);
  if (host != request.header("host")) return true;
  const bool may_be_rebound = !request.tls && !config.behind_tls && is_here(request.peer);
  return may_be_rebound && origin != own_url && !config::is_loopback_http(origin);
}

std::string address_of(const HttpRequest& request, bool behind_tls) {
  const auto host = request.header("host");
  const bool good =
      !host.empty() && host.size() <= 255 &&
      std::all_of(host.begin(), host.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 ||
               std::string_view(".-:[]").find(static_cast<char>(c)) != std::string_view::npos;
      });
  if (!good) return {};
  return fmt::format("{}://{}", request.tls || behind_tls ? "https" : "http", host);
}

}  // namespace sluice::control
