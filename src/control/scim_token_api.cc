#include "control/scim_token_api.h"

#include <boost/json.hpp>

#include "base/clock.h"
#include "base/units.h"
#include "control/body.h"
#include "control/credential_json.h"
#include "identity/scim_store.h"
#include "identity/scim_tokens.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

constexpr std::string_view kTokens = "/api/v1/scim/tokens", kAdopt = "/api/v1/scim/adopt";

std::string actor_of(const HttpRequest& request) {
  return request.user.empty() ? "local administrator" : request.user + " (over HTTP)";
}

}  // namespace

std::optional<HttpResponse> ScimTokenApi::answer(const HttpRequest& request) {
  const std::string_view path = request.path;
  if (path == kTokens && request.method == "GET") return list();
  if (path == kTokens && request.method == "POST") return create(request);
  if (path == kAdopt && request.method == "POST") return adopt(request);
  if (request.method != "DELETE" || !path.starts_with(kTokens) ||
      path.substr(kTokens.size(), 1) != "/")
    return std::nullopt;
  return revoke(request, path.substr(kTokens.size() + 1));
}

HttpResponse ScimTokenApi::list() {
  auto database = open_store_();
  if (!database) return failed(database.error());
  const auto tokens = identity::ScimTokens(*database, {}).list();
  if (!tokens) return failed(tokens.error());
  json::array all;
  for (const auto& token : *tokens) all.push_back(scim_token_json(token, wall_micros()));
  return json_response(200, all);
}

HttpResponse ScimTokenApi::create(const HttpRequest& request) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  const auto lifetime = parse_duration(text_of(*body, "for"));
  if (!lifetime) return failed(lifetime.error());
  auto database = open_store_();
  if (!database) return failed(database.error());
  const int64_t expires =
      wall_micros() + std::chrono::duration_cast<std::chrono::microseconds>(*lifetime).count();
  const auto issued =
      identity::ScimTokens(*database, actor_of(request)).create(text_of(*body, "label"), expires);
  if (!issued) return failed(issued.error());
  auto response =
      json_response(201, json::object{{"id", issued->id},
                                      {"secret", issued->secret.reveal()},
                                      {"expires", format_time(issued->expires_micros)}});
  response.headers["Cache-Control"] = "no-store";
  return response;
}

HttpResponse ScimTokenApi::revoke(const HttpRequest& request, std::string_view id) {
  auto database = open_store_();
  if (!database) return failed(database.error());
  const auto done = identity::ScimTokens(*database, actor_of(request)).revoke(id);
  return done ? json_response(200, json::object{{"id", id}, {"revoked", true}})
              : failed(done.error());
}

HttpResponse ScimTokenApi::adopt(const HttpRequest& request) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  auto database = open_store_();
  if (!database) return failed(database.error());
  const std::string user = text_of(*body, "user");
  const auto done = identity::ScimStore(*database, actor_of(request)).adopt(user);
  return done ? json_response(200, json::object{{"user", user}, {"adopted", true}})
              : failed(done.error());
}

}  // namespace sluice::control
