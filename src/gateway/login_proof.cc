// Login: how somebody proves who they are, and what becomes of it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/authentication.h"
#include "gateway/identified.h"
#include "gateway/login.h"
#include "gateway/server_identity.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "identity/credential_store.h"
#include "wire/postgres/encode.h"
#include "wire/postgres/messages.h"
#include "wire/postgres/oauthbearer.h"
#include "wire/postgres/protocol.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

namespace {

/// Credentials of one user that a login is checked against, the newest: all that may live at once,
/// and as many that have ended.
constexpr size_t kMostOffered = 2 * identity::kMostCredentials;

}  // namespace

/// Without the store nobody can be told from anybody; no login has failed by that.
bool Login::nobody_known(const identity::Directory& directory) {
  if (directory.why_lost().empty()) return false;
  record_failure(directory.why_lost());
  reject("57P03", directory.why_lost(), "Connect again in a moment.");
  return true;
}

/// Before any password is asked for: who has shown whose certificate they are needs none.
bool Login::admit_by_certificate() {
  const auto certificate = stream_->peer_certificate();
  if (!certificate) return false;
  auto proof = proof_by_certificate(*runtime_, *certificate, parameters_.user, parameters_.database,
                                    wall_micros());
  if (!proof) {
    proof_.mechanism = kByCertificate;
    fail_login(proof.error());
    return true;
  }
  if (!*proof) return false;
  proof_ = std::move(**proof);
  admit({});
  return true;
}

/// A password or any credential of the user's lets in: all have one salt. Those that are no good
/// are among the candidates too, so that the record can say what was shown; to the client they are
/// as wrong as any.
void Login::offer_sasl() {
  if (nobody_known(*runtime_->directory)) return;
  const Duration wait =
      worker_.shared().login_limits.wait(parameters_.user, stream_->peer().host(), Clock::now());
  if (wait > Duration::zero()) {
    worker_.shared().logins_limited.fetch_add(1);
    record_failure("too many failed logins");
    reject("28000", "too many failed logins",
           fmt::format("Wait {} s, and check user and password.",
                       std::chrono::ceil<std::chrono::seconds>(wait).count()));
    return;
  }
  const identity::Directory& directory = *runtime_->directory;
  const identity::User* user = directory.find(parameters_.user);
  auto verifier = user != nullptr ? pg::ScramVerifier::parse(user->scram_verifier)
                                  : Result<pg::ScramVerifier>(fail(ErrorCode::kNotFound, ""));
  const bool password = verifier.has_value();
  if (!password) {
    verifier = pg::ScramServer::mock_verifier(worker_.shared().mock_secret, parameters_.user);
  }
  const bool enabled = user != nullptr && !user->disabled;
  std::vector<pg::ScramCandidate> candidates = {
      {verifier->stored_key, verifier->server_key, password && enabled}};
  offered_ = {nullptr};
  if (user != nullptr) {
    const int64_t now = wall_micros();
    for (const auto& credential : user->credentials) {
      if (offered_.size() > kMostOffered) break;
      const auto known = pg::ScramVerifier::parse(credential.scram_verifier);
      if (!known || known->salt != verifier->salt || known->iterations != verifier->iterations)
        continue;
      candidates.push_back(
          {known->stored_key, known->server_key,
           !not_welcome(directory, *user, &credential, parameters_.database, now)});
      offered_.push_back(&credential);
    }
  }
  std::string binding;
  if (stream_->is_tls()) {
    if (auto data = stream_->channel_binding()) binding = std::move(*data);
  }
  std::vector<std::string_view> mechanisms = {pg::kScramSha256};
  // The token itself crosses the wire.
  if (stream_->is_tls()) mechanisms.push_back(pg::kOauthBearer);
  if (!binding.empty()) mechanisms.insert(mechanisms.begin(), pg::kScramSha256Plus);
  scram_.emplace(std::move(verifier->salt), verifier->iterations, std::move(candidates),
                 std::move(binding));
  std::string out;
  pg::encode_authentication_sasl(out, mechanisms);
  stream_->send(Bytes(out));
  phase_ = Phase::kSaslInitial;
}

void Login::receive_sasl(net::Slice data) {
  Bytes in = data.bytes();
  pg::Framer::Piece piece;
  for (;;) {
    const auto status = framer_.next(in, piece);
    if (status == pg::Framer::Status::kNeedMore) return;
    if (status == pg::Framer::Status::kBad || !piece.whole()) {
      reject("08P01", "expected SASL response");
      return;
    }
    if (phase_ == Phase::kRefused) {
      fail_login(why_refused_);
      return;
    }
    if (phase_ == Phase::kSaslFinal) {
      on_sasl_final(piece.body(), data.sub(static_cast<uint32_t>(data.size() - in.size()),
                                           static_cast<uint32_t>(in.size())));
      return;
    }
    if (!in.empty()) {
      // A client has to wait for our answer before it can know what to say next.
      reject("08P01", "received data behind the SASL response");
      return;
    }
    if (!on_sasl_initial(piece.body())) return;
  }
}

bool Login::on_sasl_initial(Bytes body) {
  const auto response = pg::decode_sasl_initial_response(body);
  if (!response) {
    reject("08P01", response.error().text);
    return false;
  }
  if (response->mechanism == pg::kOauthBearer && stream_->is_tls()) {
    on_oauthbearer(response->data);
    return false;  // Whatever comes next comes when it has been answered.
  }
  proof_.mechanism = response->mechanism == pg::kScramSha256Plus ? kByScramPlus : kByScram;
  auto answer = scram_->first(response->mechanism, response->data);
  if (!answer) {
    fail_login(answer.error());
    return false;
  }
  std::string out;
  pg::encode_authentication_sasl_continue(out, *answer);
  stream_->send(Bytes(out));
  phase_ = Phase::kSaslFinal;
  return true;
}

/// The secret of a credential, or a token of an identity provider.
void Login::on_oauthbearer(Bytes data) {
  proof_.mechanism = "oauthbearer";
  const auto token = pg::decode_oauthbearer(data);
  if (!token) {
    reject("08P01", token.error().text);
    return;
  }
  if (token->empty()) {
    refuse_token({ErrorCode::kAuthentication, "no token was shown"});
    return;
  }
  if (identity::is_credential_secret(*token)) {
    const auto* shown = runtime_->directory->credential_of_secret(*token);
    on_verified(shown != nullptr ? Result<std::string>(shown->id)
                                 : fail(ErrorCode::kAuthentication, "the credential is not known"));
    return;
  }
  phase_ = Phase::kVerifying;
  stream_->pause_receive();
  worker_.shared().bearer.verify(
      SecretString(std::string(*token)), stream_->peer().to_string(),
      [&worker = worker_, this, weak = std::weak_ptr<bool>(alive_)](Result<std::string> found) {
        worker.post([this, weak, found = std::move(found)](Worker&) {
          if (weak.expired() || phase_ == Phase::kOver) return;
          stream_->resume_receive();
          on_verified(found);
        });
      });
}

void Login::on_verified(const Result<std::string>& credential) {
  if (!credential) {
    refuse_token(credential.error());
    return;
  }
  proof_.credential = *credential;
  const auto directory = worker_.runtime()->directory;
  const identity::User* user = nullptr;
  const identity::Credential* found = nullptr;
  if (auto why = unwelcome(*directory, user, found)) {
    refuse_token({ErrorCode::kAuthentication, std::move(*why)});
    return;
  }
  admit({});
}

/// RFC 7628, section 3.2.3: the client is told how to get a better one, and gives up itself.
void Login::refuse_token(const Error& error) {
  why_refused_ = error;
  std::string discovery, scope;
  for (const auto& issuer : runtime_->config->identity.issuers) {
    if (issuer.client_id.empty()) continue;
    discovery = issuer.issuer + (issuer.issuer.ends_with('/') ? "" : "/") +
                ".well-known/openid-configuration";
    scope = fmt::format("{}", fmt::join(issuer.scopes, " "));
    break;
  }
  std::string out;
  pg::encode_authentication_sasl_continue(out, pg::oauthbearer_error(discovery, scope));
  stream_->send(Bytes(out));
  phase_ = Phase::kRefused;
}

void Login::on_sasl_final(Bytes body, net::Slice rest) {
  auto answer = scram_->final(body);
  if (!answer) {
    const identity::User* user = nullptr;
    const identity::Credential* credential = nullptr;
    if (scram_->shown()) {
      if (const auto* shown = offered_[*scram_->shown()]) proof_.credential = shown->id;
      if (auto why = unwelcome(*runtime_->directory, user, credential))
        answer.error().text = std::move(*why);
    }
    fail_login(answer.error());
    return;
  }
  if (const auto* credential = offered_[*scram_->shown()]) proof_.credential = credential->id;
  std::string out;
  pg::encode_authentication_sasl_final(out, *answer);
  stream_->send(Bytes(out));
  admit(std::move(rest));
}

void Login::record_failure(std::string_view why) {
  worker_.counters().logins_failed.add();
  audit::SessionContext context;
  context.user = to_printable_utf8(parameters_.user);
  context.database = to_printable_utf8(parameters_.database);
  context.application = to_printable_utf8(parameters_.application_name);
  context.client_address =
      parameters_.asked_from.empty() ? stream_->peer().to_string() : parameters_.asked_from;
  context.driver = driver_;
  audit::Event event;
  event.type = audit::EventType::kLoginFailed;
  event.time_micros = wall_micros();
  event.message = why;
  (void)worker_.log().append(audit::EncodedContext(context), event);
  worker_.sync_records();
}

void Login::fail_login(const Error& error) {
  record_failure(error.text);
  if (proof_.mechanism == kByCertificate) {
    reject("28000",
           fmt::format("certificate authentication failed for user \"{}\"", parameters_.user),
           error.text + "; a new one of your own: sluice login --certificate");
    return;
  }
  if (proof_.mechanism == "oauthbearer") {
    const bool wrong = error.code == ErrorCode::kAuthentication || error.code == ErrorCode::kDenied;
    if (wrong) {
      worker_.shared().login_limits.failed(parameters_.user, stream_->peer().host(),
                                           runtime_->config->limits.logins, Clock::now());
    }
    reject(wrong ? "28000" : "57P03",
           fmt::format("bearer token authentication failed for user \"{}\"", parameters_.user),
           proof_.credential.empty() ? error.text : std::string_view());
    return;
  }
  const bool password = error.code == ErrorCode::kAuthentication;
  if (password) {
    worker_.shared().login_limits.failed(parameters_.user, stream_->peer().host(),
                                         runtime_->config->limits.logins, Clock::now());
  }
  reject(password ? "28P01" : "08P01",
         password ? fmt::format("password authentication failed for user \"{}\"", parameters_.user)
                  : error.text);
}

/// What was good when the login began may have ended while the proof was on its way, or the name be
/// somebody else's. The user and credential are found anew, in `directory`.
std::optional<std::string> Login::unwelcome(const identity::Directory& directory,
                                            const identity::User*& user,
                                            const identity::Credential*& credential) const {
  user = directory.find(parameters_.user);
  if (user == nullptr) return "user is gone or disabled";
  if (const auto* then = runtime_->directory->find(parameters_.user)) {
    if (then->created_micros != user->created_micros || then->since() != user->since())
      return "the name is somebody else's by now";
    const bool password = proof_.credential.empty() && proof_.mechanism != kByCertificate;
    if (password && then->scram_verifier != user->scram_verifier)
      return "the password is another one by now";
  }
  if (!proof_.credential.empty()) {
    credential = directory.credential(proof_.credential);
    if (credential == nullptr) return "the credential is gone";
    if (credential->user != user->name) return "the credential is somebody else's";
  }
  const auto why = not_welcome(directory, *user, credential, parameters_.database, wall_micros());
  return why ? std::optional(why->why) : std::nullopt;
}

bool Login::full(unsigned max_sessions) {
  if (worker_.shared().draining.load()) {
    reject("57P03", "the gateway is shutting down", "Connect again in a moment.");
    return true;
  }
  if (worker_.shared().sessions.load() < max_sessions) return false;
  record_failure("too many sessions");
  reject("53300", "sorry, too many clients already", "An operator can raise limits.max_sessions.");
  return true;
}

void Login::admit(net::Slice rest) {
  // As it is by now: who takes their time with the proof gets into nothing that is gone meanwhile,
  // nor to a server that it has left.
  const auto current = worker_.runtime();
  const auto database = current->databases.find(parameters_.database);
  if (database == current->databases.end()) {
    record_failure("no such database");
    reject("3D000", fmt::format("database \"{}\" does not exist", parameters_.database),
           "Ask your operator which databases this gateway serves.");
    return;
  }
  const auto directory = current->directory;
  if (nobody_known(*directory)) return;
  const identity::User* user = nullptr;
  const identity::Credential* credential = nullptr;
  if (const auto why = unwelcome(*directory, user, credential)) {
    fail_login({ErrorCode::kAuthentication, *why});
    return;
  }
  if (full(current->config->limits.max_sessions)) return;
  const int64_t now = wall_micros();
  const Place place{database->second->config().name, now};
  auto principal = principal_of(*directory, *user, credential, proof_.mechanism, now, place);
  if (credential == nullptr) principal.issuer = proof_.issuer;
  auto role = role_at_server(database->second->config().identity, principal);
  if (!role) {
    record_failure(role.error().text);
    reject("42501", role.error().text,
           "Ask an operator for an entry in identity.roles of the database.");
    return;
  }
  worker_.counters().logins_ok.add();
  worker_.shared().login_limits.succeeded(parameters_.user, stream_->peer().host(), Clock::now());
  Admission admission;
  admission.runtime = current;
  admission.database = database->second;
  admission.user = user->name;
  admission.principal = std::move(principal);
  admission.grants = admission.principal.grants;
  admission.grants_until = next_end(*directory, admission.principal, place);
  admission.role = std::move(*role);
  admission.credential_expires = proof_.expires_micros;
  if (credential != nullptr) {
    admission.credential_expires = credential->expires_micros;
    worker_.shared().used_credentials.note(credential->id, now);
  }
  worker_.shared().used_users.note(user->name, now);
  begin_session(std::move(admission), std::move(rest));
}

/// What the client said of itself, added to who they are.
void Login::begin_session(Admission admission, net::Slice rest) {
  admission.application_name = std::move(parameters_.application_name);
  admission.asked_from = std::move(parameters_.asked_from);
  admission.dry_run = parameters_.dry_run;
  admission.driver = std::move(driver_);
  admission.settings = std::move(parameters_.settings);
  admission.protocol_minor = minor_;
  auto session = std::make_unique<Session>(worker_, std::move(stream_), std::move(admission));
  Session* raw = session.get();
  worker_.adopt(std::move(session));
  over();
  raw->start(std::move(rest));
}

}  // namespace sluice::gateway
