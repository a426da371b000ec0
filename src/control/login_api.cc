#include "control/login_api.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/authentication.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/lower_case.h"
#include "control/body.h"
#include "control/caller.h"
#include "identity/federation.h"
#include "identity/password.h"
#include "identity/totp.h"
#include "identity/user_store.h"
#include "net/peer_certificate.h"
#include "store/state.h"

namespace sluice::control {
namespace {

constexpr std::string_view kPath = "/api/v1/login";
constexpr std::string_view kCertificatePath = "/api/v1/login/certificate";
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
  return std::unique_ptr<LoginApi>(new LoginApi(gateway, log, std::move(database),
                                                std::move(secret), make_setup(std::move(config))));
}

std::shared_ptr<LoginApi::Setup> LoginApi::make_setup(
    std::shared_ptr<const config::Config> config) {
  auto setup = std::make_shared<Setup>();
  for (const auto& directory : config->identity.directories)
    setup->directories.push_back(std::make_unique<identity::LdapDirectory>(directory));
  setup->config = std::move(config);
  return setup;
}

void LoginApi::set_config(std::shared_ptr<const config::Config> config) {
  auto setup = make_setup(std::move(config));
  const std::lock_guard lock(mutex_);
  setup_ = std::move(setup);
}

std::shared_ptr<LoginApi::Setup> LoginApi::setup() {
  const std::lock_guard lock(mutex_);
  return setup_;
}

std::optional<HttpResponse> LoginApi::answer(const HttpRequest& request) {
  if (request.path != kPath && request.path != kCertificatePath) return std::nullopt;
  if (request.method != "POST") return problem(405, "only POST is allowed");
  return request.path == kPath ? by_password(request) : certificate(request);
}

std::string LoginApi::source_of(const Claim& claim) {
  return counted_source(claim.peer, setup()->config->identity);
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

std::optional<HttpResponse> LoginApi::too_often(const Claim& claim, const std::string& counted) {
  const Duration wait = gateway_.login_limits().wait(counted, source_of(claim), Clock::now());
  if (wait <= Duration::zero()) return std::nullopt;
  gateway_.count_limited_login();
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  return refuse(claim, "too many failed logins",
                problem(429, "too many failed logins", fmt::format("Wait {} s.", seconds)));
}

HttpResponse LoginApi::wrong(const Claim& claim, const std::string& counted,
                             const std::string& why) {
  gateway_.login_limits().failed(counted, source_of(claim), setup()->config->limits.logins,
                                 Clock::now());
  return refuse(claim, why, login_failed());
}

std::optional<HttpResponse> LoginApi::second_factor(const Claim& claim, const std::string& counted,
                                                    const identity::User& user,
                                                    identity::Assurance& assurance) {
  if (user.totp_secret.empty()) return std::nullopt;
  if (claim.code.empty()) {
    return refuse(claim, "a one-time code is needed",
                  problem(401, "a one-time code is needed", "Send it as \"totp\"."));
  }
  const auto taken = identity::take_totp(database_, user, claim.code, wall_micros());
  if (!taken || !*taken)
    return wrong(claim, counted, taken ? "the one-time code is wrong" : taken.error().text);
  assurance.method = kByTotp;
  assurance.amr = {"pwd", "otp", "mfa"};
  return std::nullopt;
}

HttpResponse LoginApi::by_password(const HttpRequest& request) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  const Claim claim{text_of(*body, "user"),
                    text_of(*body, "database"),
                    request.peer,
                    SecretString(text_of(*body, "renews")),
                    text_of(*body, "directory"),
                    text_of(*body, "totp")};
  const SecretString password(text_of(*body, "password"));
  const auto setup = this->setup();
  look_again();
  const auto directory = gateway_.directory();
  if (!directory->why_lost().empty())
    return refuse(claim, directory->why_lost(), problem(503, directory->why_lost()));
  const identity::User* user = directory->find(claim.user);
  const bool no_password = user == nullptr || user->scram_verifier.empty();
  if (!claim.directory.empty() || (no_password && !setup->directories.empty())) {
    HttpResponse response;
    // A directory may take its time.
    response.whose = share_of_login(request.peer);
    response.later = [this, setup, claim, password] {
      return by_directory(*setup, claim, password);
    };
    return response;
  }
  const std::lock_guard working(working_);
  if (auto answer = too_often(claim, claim.user)) return std::move(*answer);
  const bool right = identity::is_password_of(user, claim.user, secret_, password);
  const bool genuine = user != nullptr && !user->disabled;
  if (!right || !genuine)
    return wrong(claim, claim.user, right && !genuine ? "user is disabled" : kFailed);
  identity::Assurance assurance;
  assurance.method = kByPassword;
  assurance.amr = {"pwd"};
  assurance.authenticated_micros = wall_micros();
  if (auto answer = second_factor(claim, claim.user, *user, assurance)) return std::move(*answer);
  gateway_.login_limits().succeeded(claim.user, source_of(claim), Clock::now());
  return issue(claim, std::move(assurance), setup->config->identity.session_lifetime);
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
  next.kind = shown->kind;
  next.databases = shown->databases;
  next.expires_micros = shown->expires_micros;
  next.assurance = shown->assurance;
  next.actors = shown->actors;
  const std::lock_guard working(working_);
  const auto issued = identity::CredentialStore(database_, next.user + " (sluice login)")
                          .issue_for_key(next, *key, shown->id);
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

/// Who was added or given codes a moment ago counts already. Where the store is away, who was known
/// last counts for a while, as everywhere.
void LoginApi::look_again() {
  const std::lock_guard working(working_);
  const auto version = database_.data_version();
  if (!version || *version == looked_at_) return;
  if (gateway_.renew_directory([this] { return identity::load_directory(database_); }))
    looked_at_ = *version;
}

HttpResponse LoginApi::by_directory(Setup& setup, Claim claim, const SecretString& password) {
  // A directory takes names that differ in case for one.
  const std::string counted = lower_case(claim.user);
  if (auto answer = too_often(claim, counted)) return std::move(*answer);
  bool any = false;
  for (const auto& directory : setup.directories) {
    if (!claim.directory.empty() && directory->config().name != claim.directory) continue;
    any = true;
    const auto identity = directory->authenticate(claim.user, password);
    if (identity) return admit(claim, counted, directory->config(), *identity);
    const Error& error = identity.error();
    const std::string why = fmt::format("{}: {}", directory->issuer(), error.text);
    switch (error.code) {
      case ErrorCode::kNotFound:
        continue;
      case ErrorCode::kAuthentication:
        return wrong(claim, counted, why);
      case ErrorCode::kDenied:
        return refuse(claim, why, problem(403, error.text));
      default:
        // The next one may know somebody else of that name.
        return refuse(claim, why,
                      problem(503, "the directory cannot be asked now; try again later"));
    }
  }
  if (!any) {
    return refuse(claim, "there is no directory of that name",
                  problem(404, "there is no directory of that name (identity.directories)"));
  }
  return wrong(claim, counted, "no directory knows that user");
}

HttpResponse LoginApi::admit(const Claim& claim, const std::string& counted,
                             const config::LdapConfig& directory,
                             const identity::VerifiedIdentity& identity) {
  const std::lock_guard working(working_);
  const auto known = gateway_.directory();
  auto user = identity::FederatedUsers(database_).find(identity.issuer, identity.subject);
  identity::Assurance assurance = identity.assurance;
  // Before anything is made or changed; who is new has no codes.
  if (user) {
    const identity::User* found = known->find(*user);
    if (found != nullptr) {
      if (auto answer = second_factor(claim, counted, *found, assurance)) return std::move(*answer);
    }
  }
  user = identity::FederatedUsers(database_).admit(identity, directory.provision, directory.scim);
  if (!user) return refuse(claim, user.error().text, failed(user.error()));
  if (const identity::User* found = known->find(*user);
      found != nullptr && assurance.method != kByTotp) {
    if (auto answer = second_factor(claim, counted, *found, assurance)) return std::move(*answer);
  }
  gateway_.login_limits().succeeded(counted, source_of(claim), Clock::now());
  Claim right = claim;
  right.user = *user;
  return issue(right, std::move(assurance), directory.session);
}

HttpResponse LoginApi::issue(const Claim& claim, identity::Assurance assurance, Duration lifetime) {
  const auto config = setup()->config;
  identity::NewCredential next;
  next.user = claim.user;
  next.kind = identity::CredentialKind::kSession;
  if (!claim.database.empty()) next.databases = {claim.database};
  next.label = "sluice login from " + claim.peer;
  next.expires_micros =
      wall_micros() + std::chrono::duration_cast<std::chrono::microseconds>(lifetime).count();
  next.assurance = std::move(assurance);
  identity::CredentialStore store(database_, claim.user + " (sluice login)");
  const auto issued = store.issue(next);
  if (!issued) return failed(issued.error());
  if (!claim.renews.empty()) {
    const auto stronger = store.strengthen(claim.renews, claim.user, next.assurance, issued->id);
    if (!stronger) return failed(stronger.error());
  }
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
