#include "control/login_api.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "control/body.h"
#include "control/caller.h"
#include "identity/password.h"
#include "identity/totp.h"
#include "identity/user_store.h"
#include "net/peer_certificate.h"
#include "store/state.h"

namespace sluice::control {
namespace {

constexpr std::string_view kPath = "/v1/login";
constexpr std::string_view kCertificatePath = "/v1/login/certificate";
/// What a token must be allowed to do for a certificate of its user's.
constexpr std::string_view kCertificateScope = "certificates";
constexpr const char* kFailed = "the login failed";

/// One answer for everything that is wrong with what somebody has shown.
HttpResponse login_failed() { return problem(401, kFailed, "User, password or code is wrong."); }

}  // namespace

Result<std::unique_ptr<LoginApi>> LoginApi::open(gateway::Gateway& gateway, audit::Log& log,
                                                 std::shared_ptr<const config::Config> config) {
  SLUICE_ASSIGN(auto database, store::open_state(*config));
  SLUICE_ASSIGN(auto secret, store::installation_secret(database));
  return std::unique_ptr<LoginApi>(
      new LoginApi(gateway, log, std::move(database), std::move(secret), std::move(config)));
}

void LoginApi::set_config(std::shared_ptr<const config::Config> config) {
  const std::lock_guard lock(mutex_);
  config_ = std::move(config);
}

std::shared_ptr<const config::Config> LoginApi::config() {
  const std::lock_guard lock(mutex_);
  return config_;
}

std::optional<HttpResponse> LoginApi::answer(const HttpRequest& request) {
  if (request.path != kPath && request.path != kCertificatePath) return std::nullopt;
  if (request.method != "POST") return problem(405, "only POST is allowed");
  return request.path == kPath ? by_password(request) : certificate(request);
}

HttpResponse LoginApi::refuse(const Claim& claim, const std::string& why,
                              const HttpResponse& answer) {
  audit::SessionContext context;
  context.user = to_printable_utf8(claim.user);
  context.database = to_printable_utf8(claim.database);
  context.client_address = claim.peer;
  context.application = "sluice login";
  audit::Event event;
  event.type = audit::EventType::kLoginFailed;
  event.time_micros = wall_micros();
  event.message = why;
  if (const auto recorded = log_.append_admin(context, event); !recorded)
    return failed(recorded.error());
  return answer;
}

HttpResponse LoginApi::by_password(const HttpRequest& request) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  const Claim claim{text_of(*body, "user"), text_of(*body, "database"), request.peer,
                    SecretString(text_of(*body, "renews"))};
  const SecretString password(text_of(*body, "password"));
  const std::string code = text_of(*body, "totp");
  const std::lock_guard working(working_);
  auto& limits = gateway_.login_limits();
  if (const Duration wait = limits.wait(claim.user, claim.peer, Clock::now());
      wait > Duration::zero()) {
    gateway_.count_limited_login();
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
    return refuse(claim, "too many failed logins",
                  problem(429, "too many failed logins", fmt::format("Wait {} s.", seconds)));
  }
  const auto directory = gateway_.directory();
  if (!directory->why_lost().empty())
    return refuse(claim, directory->why_lost(), problem(503, directory->why_lost()));
  const identity::User* user = directory->find(claim.user);
  const bool right = identity::is_password_of(user, claim.user, secret_, password);
  const bool genuine = user != nullptr && !user->disabled;
  if (!right || !genuine) {
    limits.failed(claim.user, claim.peer, config()->limits.logins, Clock::now());
    return refuse(claim, right && !genuine ? "user is disabled" : kFailed, login_failed());
  }
  identity::Assurance assurance;
  assurance.method = "password";
  assurance.amr = {"pwd"};
  assurance.authenticated_micros = wall_micros();
  if (!user->totp_secret.empty()) {
    if (code.empty()) {
      return refuse(claim, "a one-time code is needed",
                    problem(401, "a one-time code is needed", "Send it as \"totp\"."));
    }
    const auto taken = identity::take_totp(database_, *user, code, wall_micros());
    if (!taken || !*taken) {
      limits.failed(claim.user, claim.peer, config()->limits.logins, Clock::now());
      return refuse(claim, taken ? "the one-time code is wrong" : taken.error().text,
                    login_failed());
    }
    assurance.method = "totp";
    assurance.amr = {"pwd", "otp", "mfa"};
  }
  limits.succeeded(claim.user, claim.peer, Clock::now());
  return issue(claim, std::move(assurance));
}

/// For as long, as strong and as far as the credential that is shown for it.
HttpResponse LoginApi::certificate(const HttpRequest& request) {
  const auto directory = gateway_.directory();
  const auto caller = who_asks(request, *directory, kCertificateScope);
  if (!caller) {
    return problem(caller.error().code == ErrorCode::kDenied ? 403 : 401,
                   "who asks is not known, or may not have a certificate", caller.error().text);
  }
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  const auto key = net::public_key_digest(text_of(*body, "public_key"));
  if (!key) return problem(400, key.error().text, "Send it as \"public_key\".");
  const identity::Credential* shown = directory->credential(caller->credential);
  identity::NewCredential next;
  next.user = shown->user;
  next.databases = shown->databases;
  next.expires_micros = shown->expires_micros;
  next.label = "client certificate, got with " + shown->id;
  next.assurance = shown->assurance;
  next.actors = shown->actors;
  const std::lock_guard working(working_);
  const auto issued =
      identity::CredentialStore(database_, next.user + " (sluice login)").issue_for_key(next, *key);
  if (!issued) return failed(issued.error());
  publish();
  return json_response(200, boost::json::object{{"id", issued->id},
                                                {"user", next.user},
                                                {"expires", format_time(issued->expires_micros)},
                                                {"expires_micros", issued->expires_micros}});
}

/// Its holder may use it at once; the store is looked at only every now and then.
void LoginApi::publish() {
  (void)gateway_.renew_directory([this] { return identity::load_directory(database_); });
}

HttpResponse LoginApi::issue(const Claim& claim, identity::Assurance assurance) {
  const auto config = this->config();
  identity::NewCredential next;
  next.user = claim.user;
  next.kind = identity::CredentialKind::kSession;
  if (!claim.database.empty()) next.databases = {claim.database};
  next.label = "sluice login from " + claim.peer;
  next.expires_micros = wall_micros() + std::chrono::duration_cast<std::chrono::microseconds>(
                                            config->identity.session_lifetime)
                                            .count();
  next.assurance = std::move(assurance);
  if (!claim.renews.empty()) {
    const auto stronger = identity::CredentialStore(database_, claim.user + " (sluice login)")
                              .strengthen(claim.renews, claim.user, next.assurance);
    if (!stronger) return failed(stronger.error());
  }
  const auto issued =
      identity::CredentialStore(database_, claim.user + " (sluice login)").issue(next);
  if (!issued) return failed(issued.error());
  publish();
  const auto databases =
      claim.database.empty() ? gateway_.databases() : std::vector<std::string>{claim.database};
  HttpResponse response = json_response(
      200,
      boost::json::object{{"id", issued->id},
                          {"user", claim.user},
                          {"secret", issued->secret.reveal()},
                          {"expires", format_time(issued->expires_micros)},
                          {"expires_micros", issued->expires_micros},
                          {"databases", boost::json::array(databases.begin(), databases.end())},
                          {"postgres", boost::json::object{{"port", gateway_.port()},
                                                           {"tls", config->tls.enabled()}}}});
  return response;
}

}  // namespace sluice::control
