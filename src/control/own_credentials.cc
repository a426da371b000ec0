#include "control/own_credentials.h"

#include <algorithm>

#include "base/clock.h"
#include "control/body.h"
#include "control/caller.h"
#include "control/credential_json.h"
#include "identity/credential_store.h"
#include "identity/user_store.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

constexpr std::string_view kPath = "/api/v1/session/credentials";

bool is_own(const HttpRequest& request, const identity::Credential& shown,
            const identity::Credential& one) {
  if (one.user != request.user || !one.live(wall_micros())) return false;
  if (!request.person.empty() && one.acts_for() != request.person) return false;
  if (shown.databases.empty()) return true;
  return !one.databases.empty() &&
         std::all_of(one.databases.begin(), one.databases.end(),
                     [&](const auto& name) { return shown.good_for(name); });
}

}  // namespace

std::optional<HttpResponse> OwnCredentials::answer(const HttpRequest& request) {
  const std::string_view path = std::string_view(request.path).substr(0, request.path.find('?'));
  if (path == kPath && request.method == "GET") return list(request);
  if (request.method != "DELETE" || !path.starts_with(kPath)) return std::nullopt;
  std::string_view id = path.substr(kPath.size());
  if (id.size() < 2 || id.front() != '/') return std::nullopt;
  return end(request, id.substr(1));
}

HttpResponse OwnCredentials::list(const HttpRequest& request) {
  const auto directory = gateway_.directory();
  const auto* shown = directory->credential_of_secret(bearer_of(request));
  const auto* user = directory->find(request.user);
  if (shown == nullptr || user == nullptr) return problem(401, "nobody is logged in");
  json::array out;
  for (const auto& one : user->credentials) {
    if (!is_own(request, *shown, one)) continue;
    auto row = credential_json(one);
    row["shown"] = one.id == shown->id;
    out.push_back(std::move(row));
  }
  return json_response(200, out);
}

HttpResponse OwnCredentials::end(const HttpRequest& request, std::string_view id) {
  const auto directory = gateway_.directory();
  const auto* shown = directory->credential_of_secret(bearer_of(request));
  if (shown == nullptr) return problem(401, "nobody is logged in");
  const auto* one = directory->credential(id);
  if (one == nullptr || !is_own(request, *shown, *one)) {
    return problem(404, "you have no such credential",
                   "GET /api/v1/session/credentials tells which you have.");
  }
  auto database = open_store_();
  if (!database) return failed(database.error());
  const auto ended = identity::CredentialStore(*database, request.user + " (over HTTP)").revoke(id);
  if (!ended) return failed(ended.error());
  (void)gateway_.renew_directory([&] { return identity::load_directory(*database); });
  return json_response(200, json::object{{"id", id}, {"ended", true}});
}

}  // namespace sluice::control
