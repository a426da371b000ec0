#include "control/session_api.h"

#include <algorithm>

#include <fmt/format.h>

#include "audit/filters.h"
#include "base/clock.h"
#include "control/api.h"
#include "control/body.h"
#include "control/caller.h"
#include "control/other_sites.h"
#include "control/roles.h"
#include "control/session_cookie.h"
#include "identity/credential_store.h"
#include "identity/token_exchange.h"
#include "identity/user_store.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

constexpr std::string_view kPath = "/api/v1/session";
constexpr std::string_view kBegin = "/api/v1/session/oidc";
constexpr std::string_view kCallback = "/api/v1/session/oidc/callback";
/// What a browser keeps while it is at its identity provider's. It has to come back with a link of
/// theirs, which SameSite=Strict would not let it.
constexpr std::string_view kAttempt = "sluice_login", kHostAttempt = "__Host-sluice_login";
constexpr int kAttemptSeconds = 600;

HttpResponse sent_to(const std::string& place) {
  HttpResponse response{303, "text/plain", "See " + place + "\n"};
  response.headers["Location"] = place;
  return response;
}

std::string attempt_cookie(std::string_view value, int seconds, bool secure) {
  // Over TLS nobody else of the domain can have set it; that form of it is for all paths.
  return fmt::format("{}={}; Path={}; HttpOnly; SameSite=Lax; Max-Age={}{}",
                     secure ? kHostAttempt : kAttempt, value, secure ? "/" : kPath, seconds,
                     secure ? "; Secure" : "");
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const unsigned char c : text) {
    if (std::isalnum(c) != 0) {
      out += static_cast<char>(c);
    } else {
      out += fmt::format("%{:02X}", c);
    }
  }
  return out;
}

/// The answer of one that may need another thread's time.
HttpResponse finished(std::optional<HttpResponse> response) {
  if (!response) return problem(503, "nobody can log in here now");
  return response->later ? response->later() : std::move(*response);
}

}  // namespace

void SessionApi::set_config(std::shared_ptr<const config::Config> config) {
  const std::lock_guard lock(mutex_);
  config_ = std::move(config);
}

std::shared_ptr<const config::Config> SessionApi::config() {
  const std::lock_guard lock(mutex_);
  return config_;
}

bool SessionApi::secure(const HttpRequest& request) {
  return request.tls || config()->identity.behind_tls;
}

std::optional<HttpResponse> SessionApi::answer(const HttpRequest& request) {
  const std::string_view path = std::string_view(request.path).substr(0, request.path.find('?'));
  using Work = HttpResponse (SessionApi::*)(const HttpRequest&);
  Work work = nullptr;
  if (path == kPath && request.method == "POST") work = &SessionApi::log_in;
  if (path == kPath && request.method == "DELETE") work = &SessionApi::log_out;
  if (path == kBegin && request.method == "POST") work = &SessionApi::begin;
  if (path == kCallback && request.method == "GET") work = &SessionApi::come_back;
  if (work != nullptr) {
    // Nobody is logged in as somebody else by a page that they happen to look at.
    if (path != kCallback && from_another_site(request, config()->identity, config()->api.url))
      return problem(403, "pages of other sites may not ask this");
    HttpResponse response;
    response.whose = share_of_login(request.peer);
    response.later = [this, work, request] { return (this->*work)(request); };
    return response;
  }
  if (path != kPath) return own_credentials_.answer(request);
  if (request.method != "GET") return std::nullopt;
  const std::string secret(bearer_of(request));
  const auto directory = gateway_.directory();
  const auto* credential = directory->credential_of_secret(secret);
  if (credential == nullptr) return problem(401, "nobody is logged in");
  const auto cookie = session_cookie(request, config()->identity.behind_tls);
  auto told =
      tell(request.user, credential->id, secret, cookie && cookie->made_for_it, secure(request));
  told.headers.erase("Set-Cookie");
  return told;
}

HttpResponse SessionApi::log_in(const HttpRequest& request) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  if (const std::string shown = text_of(*body, "credential"); !shown.empty()) {
    HttpRequest asks = request;
    asks.authorization = "Bearer " + shown;
    const auto caller = who_asks(asks, *gateway_.directory(), "api");
    if (!caller) {
      const bool denied = caller.error().code == ErrorCode::kDenied;
      return problem(denied ? 403 : 401, "the login failed", caller.error().text);
    }
    return tell(caller->user, caller->credential, shown, false, secure(request));
  }
  HttpRequest login = request;
  login.path = "/api/v1/login";
  return taken_in(request, finished(login_.answer(login)));
}

HttpResponse SessionApi::taken_in(const HttpRequest& request, const HttpResponse& login) {
  if (login.status != 200) return login;
  const auto issued = json::parse(login.body).as_object();
  return tell(text_of(issued, "user"), text_of(issued, "id"), text_of(issued, "secret"), true,
              secure(request));
}

HttpResponse SessionApi::tell(const std::string& user, const std::string& credential,
                              const std::string& secret, bool made_for_it, bool secure) {
  const auto directory = gateway_.directory();
  const auto* found = directory->find(user);
  const auto* shown = directory->credential(credential);
  if (found == nullptr || shown == nullptr) return problem(401, "the credential is gone");
  const auto names = names_of(roles_of(*found, shown, config()->api));
  auto response = json_response(
      200, json::object{{"user", user},
                        {"kind", identity::name_of(found->kind)},
                        {"roles", json::array(names.begin(), names.end())},
                        {"groups", json::array(found->groups.begin(), found->groups.end())},
                        {"csrf", csrf_token(secret)},
                        {"expires", format_time(shown->expires_micros)},
                        {"authentication", shown->assurance.method},
                        {"version", kVersion}});
  const int64_t seconds = std::max<int64_t>(0, (shown->expires_micros - wall_micros()) / 1'000'000);
  response.headers["Set-Cookie"] = keep_session({secret, made_for_it}, seconds, secure);
  response.headers["Cache-Control"] = "no-store";
  return response;
}

HttpResponse SessionApi::begin(const HttpRequest& request) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  const std::string url = config()->api.url;
  if (url.empty()) {
    return problem(409, "the gateway does not know where browsers reach it",
                   "An operator can say so: api.url. Until then: sluice login, and show its "
                   "credential here.");
  }
  const auto begun =
      identity_.begin_here(text_of(*body, "issuer"), url + std::string(kCallback), request.peer);
  if (!begun) return failed(begun.error());
  auto response = json_response(200, json::object{{"url", begun->url}});
  response.headers["Set-Cookie"] =
      attempt_cookie(fmt::format("{}.{}", begun->begun.attempt, begun->begun.secret.reveal()),
                     kAttemptSeconds, secure(request));
  return response;
}

HttpResponse SessionApi::come_back(const HttpRequest& request) {
  const auto failed_with = [](std::string_view why) {
    return sent_to("/login?error=" + percent_encoded(why));
  };
  const size_t mark = std::min(request.path.find('?'), request.path.size());
  const auto given = audit::parse_query_string(
      std::string_view(request.path).substr(std::min(request.path.size(), mark + 1)));
  const std::string_view kept = cookie_of(request, secure(request) ? kHostAttempt : kAttempt);
  const size_t dot = kept.find('.');
  if (!given || dot == std::string_view::npos)
    return failed_with("This login was not begun here, or too long ago. Try again.");
  json::object body{{"attempt", kept.substr(0, dot)}, {"secret", kept.substr(dot + 1)}};
  for (const auto& [name, value] : *given) {
    if (name == "code" || name == "state" || name == "iss") body[name] = value;
    if (name == "error") return failed_with("The identity provider said: " + value);
  }
  HttpRequest finish = request;
  finish.method = "POST";
  finish.path = "/api/v1/login/oidc/finish";
  finish.body = json::serialize(body);
  const auto login = finished(identity_.answer(finish));
  auto told = taken_in(request, login);
  if (told.status != 200) {
    json::error_code error;
    const auto why = json::parse(told.body, error);
    return failed_with(error || !why.is_object() ? "The login failed."
                                                 : text_of(why.get_object(), "title"));
  }
  auto home = sent_to("/");
  home.headers["Set-Cookie"] = told.headers["Set-Cookie"];
  home.headers["Cache-Control"] = "no-store";
  return home;
}

HttpResponse SessionApi::log_out(const HttpRequest& request) {
  const auto cookie = session_cookie(request, config()->identity.behind_tls);
  const auto directory = gateway_.directory();
  const std::string_view shown = bearer_of(request);
  const auto* credential = directory->credential_of_secret(shown);
  // What was lent to a browser is the command line's; a token is not got by logging in.
  const bool lent = cookie && !cookie->made_for_it && shown == cookie->secret;
  const bool ends =
      credential != nullptr && !lent && credential->kind == identity::CredentialKind::kSession;
  if (ends) {
    auto database = open_store_();
    if (!database) return failed(database.error());
    const auto ended = identity::CredentialStore(*database, credential->user + " (logged out)")
                           .revoke(credential->id);
    if (!ended) return failed(ended.error());
    (void)gateway_.renew_directory([&] { return identity::load_directory(*database); });
  }
  auto response = json_response(200, json::object{{"logged_out", ends || cookie.has_value()}});
  response.headers["Set-Cookie"] = keep_session({}, 0, secure(request));
  return response;
}

}  // namespace sluice::control
