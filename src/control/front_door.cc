#include "control/front_door.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/secret.h"
#include "control/caller.h"
#include "control/other_sites.h"
#include "control/problem.h"
#include "control/roles.h"
#include "control/session_cookie.h"
#include "net/peer_network.h"

namespace sluice::control {
namespace {

bool only_looks(const HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

/// Whether who asks shows something that lets them in, or is about to.
bool has_secret(const HttpRequest& request) {
  const std::string_view path = request.path;
  return !request.authorization.empty() || !request.header("x-api-key").empty() ||
         path.starts_with("/api/v1/login") || path.starts_with("/api/v1/session") ||
         path == "/api/v1/token";
}

HttpResponse no_such(const HttpRequest& request) {
  const auto methods = methods_of(request.path);
  if (methods.empty())
    return problem(404, "not found", "GET /api/v1/openapi.json tells what there is.");
  auto refused =
      problem(405, fmt::format("only {} can be asked of this", fmt::join(methods, ", ")));
  refused.headers["Allow"] = fmt::format("{}", fmt::join(methods, ", "));
  return refused;
}

/// Why a credential may not ask for this, whatever roles its user has; nothing where it may.
std::optional<HttpResponse> beyond_credential(const Route& route, const Caller& caller) {
  if (!caller.databases.empty() && route.of_all_databases()) {
    return problem(
        403, "this is about all databases, and this credential is good for some",
        fmt::format("It is good for {}; sluice login without --database gives one that is good for "
                    "all.",
                    fmt::join(caller.databases, ", ")));
  }
  if (!caller.person.empty() && route.of_oneself()) {
    return problem(403, "this is for people themselves, and this credential acts for somebody else",
                   fmt::format("It acts for \"{}\"; sluice login gives {} one of their own.",
                               caller.person, caller.user));
  }
  return std::nullopt;
}

HttpResponse not_known(const std::string& why) {
  auto refused = problem(401, "who asks is not known", why);
  refused.headers["WWW-Authenticate"] = "Bearer";
  return refused;
}

HttpResponse not_theirs(const Route& route, const config::ApiConfig& config) {
  std::vector<std::string> groups;
  if (route.roles.meet(Role::kAdmin))
    groups.insert(groups.end(), config.admins.begin(), config.admins.end());
  if (route.roles.meet(Role::kAuditor))
    groups.insert(groups.end(), config.auditors.begin(), config.auditors.end());
  return problem(
      403, fmt::format("this needs the role {}", fmt::join(names_of(route.roles), " or ")),
      groups.empty() ? "No group has it: see api.admins and api.auditors in docs/api.md."
                     : fmt::format("It comes with the group {}, to people and services who act for "
                                   "themselves.",
                                   fmt::join(groups, " or ")));
}

}  // namespace

void FrontDoor::set_config(std::shared_ptr<const config::Config> config) {
  const std::lock_guard lock(mutex_);
  config_ = std::move(config);
}

std::shared_ptr<const config::Config> FrontDoor::config() {
  const std::lock_guard lock(mutex_);
  return config_;
}

std::optional<HttpResponse> FrontDoor::refuse_in_clear(const HttpRequest& request) {
  if (!has_secret(request) || reached_safely(request, config()->identity)) return std::nullopt;
  return problem(403, "what proves who you are must not cross the network in clear",
                 "Use https:// here, where the gateway has a certificate (tls.certificate); or an "
                 "operator can put a proxy with TLS before listen.http and set "
                 "identity.behind_tls.");
}

std::optional<HttpResponse> FrontDoor::take_cookie(HttpRequest& request) {
  if (!request.authorization.empty()) return std::nullopt;
  const auto cookie = session_cookie(request, config()->identity.behind_tls);
  if (!cookie) return std::nullopt;
  // Refused here: known a moment later, it would have got around what follows.
  if (gateway_.directory()->credential_of_secret(cookie->secret) == nullptr)
    return not_known("this session is over");
  if (from_another_site(request, config()->identity, config()->api.url))
    return problem(403, "pages of other sites may not ask this");
  if (!only_looks(request) &&
      !equal_constant_time(request.header("x-csrf-token"), csrf_token(cookie->secret))) {
    return problem(403, "the request does not come from this gateway's own pages",
                   "X-CSRF-Token is the csrf of GET /api/v1/session.");
  }
  request.authorization = "Bearer " + cookie->secret;
  return std::nullopt;
}

std::optional<HttpResponse> FrontDoor::identify(HttpRequest& request, const Route& route) {
  const auto config = this->config();
  const auto directory = gateway_.directory();
  const auto caller = who_asks(request, *directory, route.scope);
  if (!caller) {
    if (caller.error().code == ErrorCode::kDenied)
      return problem(403, "this credential may not do that", caller.error().text);
    return not_known(caller.error().text);
  }
  request.user = caller->user;
  request.person = caller->person;
  request.roles = roles_of(*directory->find(caller->user),
                           directory->credential(caller->credential), config->api);
  if (!request.roles.meet(route.roles)) return not_theirs(route, config->api);
  return beyond_credential(route, *caller);
}

HttpResponse FrontDoor::slowed(const HttpRequest& request, HttpResponse answer) {
  if (answer.status != 401 || request.peer.empty()) return answer;
  HttpRequest shows;
  shows.peer = request.peer;
  shows.authorization = request.authorization;
  if (const auto key = request.header("x-api-key"); shows.authorization.empty() && !key.empty())
    shows.authorization = "Bearer " + std::string(key);
  // Through a proxy all would wait for one.
  if (counted_source(request.peer, config()->identity).empty()) return answer;
  // What a model's provider refuses is not held against who asked.
  if (share_of(shows, *gateway_.directory()) != share_of_peer(request.peer)) return answer;
  auto refused = wait_for("refused " + net::network_of(request.peer));
  return refused ? std::move(*refused) : std::move(answer);
}

std::optional<HttpResponse> FrontDoor::too_many(const HttpRequest& request) {
  const bool known = !request.user.empty();
  if (!known && counted_source(request.peer, config()->identity).empty()) return std::nullopt;
  return wait_for(known ? share_of_user(request.user) : share_of_peer(request.peer));
}

std::optional<HttpResponse> FrontDoor::wait_for(const std::string& whose) {
  const Duration wait = limits_.take(whose, config()->api.requests_per_second, Clock::now());
  if (wait <= Duration::zero()) return std::nullopt;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  auto refused = problem(429, "too many requests", fmt::format("Wait {} s.", seconds));
  refused.headers["Retry-After"] = std::to_string(seconds);
  return refused;
}

std::optional<HttpResponse> FrontDoor::stop(HttpRequest& request) {
  request.user.clear();
  request.person.clear();
  request.roles = {};
  if (request.path.starts_with("/scim/")) return std::nullopt;  // It says so in its own way.
  const bool api = request.path.starts_with("/api/");
  const Route* route = api ? find_route(request.method, request.path) : nullptr;
  if (route != nullptr && route->roles.any()) {
    if (auto refused = take_cookie(request)) return refused;
  }
  if (auto refused = refuse_in_clear(request)) return refused;
  if (!api) return std::nullopt;
  if (route == nullptr) return no_such(request);
  if (route->roles.any()) {
    if (auto refused = identify(request, *route)) return refused;
  }
  return too_many(request);
}

bool FrontDoor::still_lets_in(const HttpRequest& request) {
  const Route* route = find_route(request.method, request.path);
  HttpRequest asks = request;
  return route != nullptr && !identify(asks, *route);
}

}  // namespace sluice::control
