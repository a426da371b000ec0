#include "control/oidc_api.h"

#include <fmt/format.h>

#include "base/authentication.h"
#include "base/clock.h"
#include "base/hash.h"
#include "control/body.h"
#include "control/caller.h"
#include "identity/credential_store.h"
#include "identity/federation.h"
#include "identity/token_exchange.h"
#include "identity/user_store.h"
#include "store/state.h"

namespace sluice::control {
namespace {

using identity::BegunLogin;
using std::chrono::duration_cast;
using std::chrono::seconds;

constexpr int kMostTokensWaiting = 64;

int64_t seconds_in(Duration duration) { return duration_cast<seconds>(duration).count(); }

int64_t micros_from_now(Duration duration) {
  return wall_micros() + duration_cast<std::chrono::microseconds>(duration).count();
}

HttpResponse refused(const Error& error) {
  switch (error.code) {
    case ErrorCode::kAuthentication:
      return problem(401, error.text);
    case ErrorCode::kLimit:
      return problem(429, error.text);
    default:
      return failed(error);
  }
}

BegunLogin begun_of(const boost::json::object& body) {
  return {text_of(body, "attempt"), SecretString(text_of(body, "secret"))};
}

identity::NewCredential credential_for(const identity::Exchanged& exchanged,
                                       const std::string& label) {
  identity::NewCredential next;
  next.user = exchanged.user;
  next.databases = exchanged.databases;
  next.label = label;
  next.expires_micros = micros_from_now(exchanged.session);
  next.assurance = exchanged.assurance;
  next.actors = exchanged.actors;
  return next;
}

void add_begun(boost::json::object& answer, const BegunLogin& begun) {
  answer["attempt"] = begun.attempt;
  answer["secret"] = begun.secret.reveal();
}

}  // namespace

Result<std::unique_ptr<OidcApi>> OidcApi::open(gateway::Gateway& gateway, audit::Log& log,
                                               std::shared_ptr<const config::Config> config) {
  SLUICE_ASSIGN(auto database, store::open_state(*config));
  std::unique_ptr<OidcApi> api(new OidcApi(std::move(database), gateway, log));
  SLUICE_TRY(api->set_config(std::move(config)));
  gateway.set_bearer([api = api.get()](SecretString token, std::string peer, auto done) {
    if (api->tokens_waiting_.fetch_add(1) >= kMostTokensWaiting) {
      api->tokens_waiting_.fetch_sub(1);
      done(fail(ErrorCode::kLimit, "too many logins wait for an identity provider"));
      return;
    }
    api->tokens_.submit([api, token = std::move(token), peer = std::move(peer), done] {
      done(api->bearer(token, peer).transform([](const auto& issued) { return issued.id; }));
      api->tokens_waiting_.fetch_sub(1);
    });
  });
  return api;
}

void OidcApi::stop() {
  stopping_ = true;
  gateway_.set_bearer(nullptr);
  tokens_.stop();
}

Result<identity::IssuedCredential> OidcApi::bearer(const SecretString& token,
                                                   const std::string& peer) {
  const std::string_view text = token.reveal();
  const std::string whole = sha2(256, text);
  if (auto known = known_token(whole)) return std::move(*known);
  const auto setup = this->setup();
  SLUICE_ASSIGN(const auto exchanged,
                identity::TokenExchange(*setup->logins, setup->config->identity.workloads,
                                        identity::FederatedUsers(database_), mutex_)
                    .bearer(std::string(text)));
  // It stands for one credential: its signature can take several forms, what is signed only one.
  const std::string digest = sha2(256, text.substr(0, text.rfind('.')));
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(
      auto issued,
      identity::CredentialStore(database_, exchanged.user)
          .issue_for_token(credential_for(exchanged, "bearer token from " + peer), digest));
  publish();
  return known_tokens_.insert_or_assign(whole, std::move(issued)).first->second;
}

std::optional<identity::IssuedCredential> OidcApi::known_token(const std::string& whole) {
  const std::lock_guard lock(mutex_);
  const auto directory = gateway_.directory();
  std::erase_if(known_tokens_, [&](const auto& entry) {
    const auto* credential = directory->credential(entry.second.id);
    return credential == nullptr || !credential->live(wall_micros());
  });
  const auto known = known_tokens_.find(whole);
  return known == known_tokens_.end() ? std::nullopt : std::optional(known->second);
}

Result<> OidcApi::set_config(std::shared_ptr<const config::Config> config) {
  std::vector<std::unique_ptr<identity::OidcProvider>> providers;
  for (const auto& issuer : config->identity.issuers) {
    auto provider = identity::OidcProvider::create(issuer, stopping_);
    if (!provider) return fail(std::move(provider.error()).within("issuer " + issuer.name));
    providers.push_back(std::move(*provider));
  }
  auto setup = std::make_shared<Setup>();
  setup->config = std::move(config);
  setup->logins = std::make_unique<identity::OidcLogins>(std::move(providers));
  const std::lock_guard lock(setup_mutex_);
  setup_ = std::move(setup);
  return {};
}

std::shared_ptr<OidcApi::Setup> OidcApi::setup() {
  const std::lock_guard lock(setup_mutex_);
  return setup_;
}

std::optional<HttpResponse> OidcApi::answer(const HttpRequest& request) {
  using Work = HttpResponse (*)(OidcApi&, Setup&, const HttpRequest&);
  struct Route {
    std::string_view method, path;
    Work work;
    bool limited = true;
  };
  static constexpr Route kRoutes[] = {
      {"GET", "/api/v1/login/issuers",
       [](OidcApi& api, Setup& setup, const HttpRequest&) { return api.issuers(setup); }},
      {"POST", "/api/v1/login/oidc",
       [](OidcApi& api, Setup& setup, const HttpRequest& r) { return api.start(setup, r, false); }},
      {"POST", "/api/v1/login/oidc/finish",
       [](OidcApi& api, Setup& setup, const HttpRequest& r) { return api.finish(setup, r); }},
      {"POST", "/api/v1/login/oidc/logout",
       [](OidcApi& api, Setup& setup, const HttpRequest& r) { return api.log_out(setup, r); },
       // Others' failures must not keep anybody's sessions alive.
       false},
      {"POST", "/api/v1/login/device",
       [](OidcApi& api, Setup& setup, const HttpRequest& r) { return api.start(setup, r, true); }},
      {"POST", "/api/v1/login/device/poll",
       [](OidcApi& api, Setup& setup, const HttpRequest& r) { return api.poll(setup, r); }},
      {"POST", "/api/v1/token",
       [](OidcApi& api, Setup& setup, const HttpRequest& r) { return api.exchange(setup, r); }},
  };
  for (const Route& route : kRoutes) {
    if (request.path != route.path || request.method != route.method) continue;
    auto setup = this->setup();
    if (route.limited) {
      if (auto wait = too_often(*setup, request)) return std::move(*wait);
    }
    HttpResponse response;
    // Issuers may take their time.
    response.whose = share_of_login(request.peer);
    response.later = [this, setup = std::move(setup), work = route.work, request] {
      return work(*this, *setup, request);
    };
    return response;
  }
  return std::nullopt;
}

/// Who fails again and again from one address waits; who it is that fails, nobody knows.
std::optional<HttpResponse> OidcApi::too_often(Setup& setup, const HttpRequest& request) {
  const Duration wait = gateway_.login_limits().wait(
      counted_source(request.peer, setup.config->identity), Clock::now());
  if (wait <= Duration::zero()) return std::nullopt;
  gateway_.count_limited_login();
  return problem(429, "too many failed logins",
                 fmt::format("Wait {} s.", std::chrono::ceil<std::chrono::seconds>(wait).count()));
}

HttpResponse OidcApi::issuers(Setup& setup) {
  boost::json::array all;
  for (const auto* issuer : setup.logins->issuers()) {
    all.push_back(boost::json::object{{"name", issuer->name},
                                      {"issuer", issuer->issuer},
                                      {"redirect", issuer->redirect},
                                      {"device", issuer->device}});
  }
  return json_response(200, all);
}

HttpResponse OidcApi::start(Setup& setup, const HttpRequest& request, bool device) {
  const auto body = body_of(request);
  if (!body) return refused(body.error());
  boost::json::object answer;
  const std::string peer = counted_source(request.peer, setup.config->identity);
  if (device) {
    const auto login = setup.logins->start_device(text_of(*body, "issuer"), peer);
    if (!login) return refused(login.error());
    add_begun(answer, login->begun);
    answer["user_code"] = login->user_code;
    answer["verification_uri"] = login->verification_uri;
    if (!login->verification_uri_complete.empty())
      answer["verification_uri_complete"] = login->verification_uri_complete;
    answer["expires_in"] = seconds_in(login->expires);
    answer["interval"] = seconds_in(login->interval);
    return json_response(200, answer);
  }
  const auto login =
      setup.logins->start_browser(text_of(*body, "issuer"), text_of(*body, "redirect_uri"), peer);
  if (!login) return refused(login.error());
  add_begun(answer, login->begun);
  answer["url"] = login->url;
  return json_response(200, answer);
}

Result<identity::BrowserLogin> OidcApi::begin_here(const std::string& issuer,
                                                   const std::string& redirect_uri,
                                                   const std::string& peer) {
  const auto setup = this->setup();
  return setup->logins->start_browser(issuer, redirect_uri,
                                      counted_source(peer, setup->config->identity), true);
}

HttpResponse OidcApi::finish(Setup& setup, const HttpRequest& request) {
  const auto body = body_of(request);
  if (!body) return refused(body.error());
  identity::BrowserAnswer came{text_of(*body, "code"), text_of(*body, "state"), std::nullopt};
  if (body->contains("iss")) came.issuer = text_of(*body, "iss");
  const auto login = setup.logins->finish_browser(begun_of(*body), came);
  if (!login) {
    record_failure(login.error(), request);
    return refused(login.error());
  }
  return logged_in(setup, *login, request);
}

HttpResponse OidcApi::poll(Setup& setup, const HttpRequest& request) {
  const auto body = body_of(request);
  if (!body) return refused(body.error());
  const auto login = setup.logins->poll_device(begun_of(*body));
  if (!login) {
    record_failure(login.error(), request);
    return refused(login.error());
  }
  if (!*login) return json_response(202, boost::json::object{{"pending", true}});
  return logged_in(setup, **login, request);
}

/// A credential that was issued a moment ago may be shown at once.
void OidcApi::publish() {
  (void)gateway_.renew_directory([this] { return identity::load_directory(database_); });
}

HttpResponse OidcApi::logged_in(Setup& setup, const identity::FinishedLogin& login,
                                const HttpRequest& request) {
  const std::lock_guard lock(mutex_);
  const auto body = body_of(request);
  // The one database where it is to be good; empty: all.
  const std::string only = body ? text_of(*body, "database") : std::string();
  const auto issue = [&]() -> Result<std::pair<std::string, identity::IssuedCredential>> {
    SLUICE_ASSIGN(const auto user,
                  identity::FederatedUsers(database_).admit(login.identity, login.issuer->provision,
                                                            login.issuer->scim));
    identity::NewCredential next;
    next.user = user;
    next.label = "sluice login by " + login.issuer->name;
    next.expires_micros = micros_from_now(login.issuer->session);
    next.assurance = login.identity.assurance;
    if (!only.empty()) next.databases = {only};
    identity::CredentialStore store(database_, user);
    SLUICE_ASSIGN(auto issued, store.issue(next));
    if (body && body->contains("renews")) {
      SLUICE_ASSIGN([[maybe_unused]] const bool stronger,
                    store.strengthen(SecretString(text_of(*body, "renews")), user, next.assurance,
                                     issued.id));
    }
    return std::pair(user, std::move(issued));
  };
  const auto issued = issue();
  if (!issued) {
    record_failure(issued.error(), request);
    return refused(issued.error());
  }
  publish();
  const auto databases = only.empty() ? gateway_.databases() : std::vector<std::string>{only};
  return json_response(
      200,
      boost::json::object{{"id", issued->second.id},
                          {"user", issued->first},
                          {"secret", issued->second.secret.reveal()},
                          {"expires", format_time(issued->second.expires_micros)},
                          {"expires_micros", issued->second.expires_micros},
                          {"issuer", login.issuer->name},
                          {"databases", boost::json::array(databases.begin(), databases.end())},
                          {"postgres", boost::json::object{{"port", gateway_.port()},
                                                           {"tls", setup.config->tls.enabled()}}}});
}

/// What an issuer tells of somebody who has logged out there, or whom it has logged out (OpenID
/// Connect Back-Channel Logout 1.0, sections 2.5 to 2.8).
HttpResponse OidcApi::log_out(Setup& setup, const HttpRequest& request) {
  const auto refuse = [](const Error& error) {
    const bool away = error.code != ErrorCode::kAuthentication;
    return json_response(
        away ? 503 : 400,
        boost::json::object{{"error", away ? "temporarily_unavailable" : "invalid_request"},
                            {"error_description", error.text}});
  };
  const auto form = identity::decode_form(request.body);
  const auto token = form ? form->find("logout_token") : decltype(form->end()){};
  if (!form || token == form->end())
    return refuse({ErrorCode::kAuthentication, "the form has no logout_token"});
  const int64_t now = wall_micros() / 1'000'000;
  const auto event = logouts_.verify(*setup.logins, token->second, now);
  if (!event) {
    if (!too_often(setup, request)) record_failure(event.error(), request);
    return refuse(event.error());
  }
  if (!logouts_.was_done(*event, now)) {
    const auto ended = end_sessions(*event);
    if (!ended) return refuse(ended.error());
    logouts_.done(*event);
  }
  return json_response(200, boost::json::object{});
}

Result<> OidcApi::end_sessions(const identity::LoggedOut& event) {
  const std::lock_guard lock(mutex_);
  const auto user = identity::FederatedUsers(database_).find(event.issuer, event.subject);
  if (!user) {
    // They have never been here, or have nothing left: they are disabled.
    const auto code = user.error().code;
    if (code == ErrorCode::kNotFound || code == ErrorCode::kDenied) return {};
    return fail(user.error());
  }
  SLUICE_ASSIGN(const int64_t ended,
                identity::CredentialStore(database_, "issuer " + event.issuer_name)
                    .log_out(*user, event.issuer, "they are logged out at their issuer"));
  if (ended > 0) publish();
  return {};
}

/// In the form of RFC 8693, section 2.2, whatever becomes of it.
HttpResponse OidcApi::exchange(Setup& setup, const HttpRequest& request) {
  const auto refuse = [&](const Error& error, const char* name) {
    if (error.code != ErrorCode::kInvalidInput) record_failure(error, request);
    const int status =
        error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kTimeout ? 503 : 400;
    return json_response(status,
                         boost::json::object{{"error", name}, {"error_description", error.text}});
  };
  const auto form = identity::decode_form(request.body);
  if (!form)
    return refuse({ErrorCode::kInvalidInput, "the body is no form, or names something twice"},
                  "invalid_request");
  auto exchanged = identity::TokenExchange(*setup.logins, setup.config->identity.workloads,
                                           identity::FederatedUsers(database_), mutex_)
                       .exchange(*form);
  if (!exchanged) {
    const bool grant = exchanged.error().code == ErrorCode::kAuthentication ||
                       exchanged.error().code == ErrorCode::kDenied;
    return refuse(exchanged.error(), grant ? "invalid_grant" : "invalid_request");
  }
  const std::lock_guard lock(mutex_);
  const auto issued =
      identity::CredentialStore(database_, exchanged->user).issue(credential_for(*exchanged, {}));
  if (!issued) return refuse(issued.error(), "invalid_grant");
  publish();
  return json_response(200, boost::json::object{{"access_token", issued->secret.reveal()},
                                                {"issued_token_type",
                                                 "urn:ietf:params:oauth:token-type:access_token"},
                                                {"token_type", "N_A"},
                                                {"expires_in", seconds_in(exchanged->session)},
                                                {"user", exchanged->user},
                                                {"id", issued->id}});
}

void OidcApi::record_failure(const Error& error, const HttpRequest& request) {
  // An issuer that is away is nobody's failure.
  if (error.code == ErrorCode::kAuthentication || error.code == ErrorCode::kDenied) {
    const auto config = setup()->config;
    gateway_.login_limits().failed(counted_source(request.peer, config->identity),
                                   config->limits.logins, Clock::now());
  }
  audit::SessionContext context;
  context.client_address = request.peer;
  context.authentication = kByOidc;
  audit::Event event;
  event.type = audit::EventType::kLoginFailed;
  event.time_micros = wall_micros();
  event.message = error.text;
  (void)log_.append_admin(context, event);
}

}  // namespace sluice::control
