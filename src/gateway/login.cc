#include "gateway/login.h"

#include <fmt/format.h>

#include "base/log.h"
#include "gateway/cancel.h"
#include "gateway/driver.h"
#include "gateway/identified.h"
#include "gateway/server_identity.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "identity/credential_store.h"
#include "wire/postgres/encode.h"
#include "wire/postgres/messages.h"
#include "wire/postgres/protocol.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

namespace {

/// Nothing but the password exchange is taken before a login is complete.
const pg::Framer::Rules& sasl_rules() {
  static const pg::Framer::Rules rules = [] {
    pg::Framer::Rules r;
    r.by_type[static_cast<unsigned char>(pg::kPasswordMessage)] = pg::Framer::Handling::kGather;
    r.gather_limit = 16 * 1024;
    return r;
  }();
  return rules;
}

constexpr char kTlsHandshakeRecord = 0x16;

/// Credentials of one user that a login is checked against, the newest: all that may live at once,
/// and as many that have ended.
constexpr size_t kMostOffered = 2 * identity::kMostCredentials;

}  // namespace

Login::Login(Worker& worker, std::unique_ptr<net::Stream> stream, LoginGate::Pass pass)
    : worker_(worker),
      runtime_(worker.runtime()),
      stream_(std::move(stream)),
      pass_(std::move(pass)),
      deadline_(worker.reactor(), [this] { over(); }),
      framer_(sasl_rules()) {
  worker_.counters().logins_in_progress.add();
  stream_->set_handler(this);
  deadline_.arm(runtime_->config->limits.login_timeout);
}

Login::~Login() { worker_.counters().logins_in_progress.subtract(); }

void Login::over() {
  if (phase_ == Phase::kOver) return;
  phase_ = Phase::kOver;
  deadline_.cancel();
  if (stream_) net::Stream::close_after_flush(std::move(stream_));
  worker_.retire(this);
}

void Login::on_closed(const Error& reason) {
  log::debug("login from {} ended: {}", stream_->peer().to_string(), reason.text);
  over();
}

void Login::reject(std::string_view sqlstate, std::string_view message, std::string_view hint) {
  pg::ErrorFields fields;
  fields.set_severity("FATAL");
  fields.set(pg::kFieldSqlstate, sqlstate);
  fields.set(pg::kFieldMessage, message);
  if (!hint.empty()) fields.set(pg::kFieldHint, hint);
  std::string out;
  pg::encode_error_response(out, fields);
  stream_->send(Bytes(out));
  over();
}

void Login::on_receive(net::Slice data) {
  switch (phase_) {
    case Phase::kStartup:
      receive_startup(std::move(data));
      return;
    case Phase::kSaslInitial:
    case Phase::kSaslFinal:
      receive_sasl(std::move(data));
      return;
    default:
      over();  // Nothing is expected now.
  }
}

void Login::receive_startup(net::Slice data) {
  const Bytes bytes = data.bytes();
  if (startup_.empty() && !bytes.empty() && bytes[0] == kTlsHandshakeRecord && !stream_->is_tls()) {
    // Direct TLS, without SSLRequest: a start-up packet's length never begins with this byte.
    if (!runtime_->tls || asked_ssl_ || asked_gss_) {
      over();
      return;
    }
    direct_tls_ = true;
    phase_ = Phase::kHandshake;
    stream_->start_tls_server(runtime_->tls, std::move(data));
    return;
  }
  // Packets are small: gathered by copy, each at most as long as PostgreSQL allows.
  startup_.append(bytes.substr(0, 2 * pg::kMaxStartupPacket));
  if (startup_.size() < 4) return;
  const auto length = pg::startup_packet_length(startup_);
  if (!length) {
    reject("08P01", length.error().text);
    return;
  }
  if (startup_.size() < *length) return;
  const std::string packet = startup_.substr(0, *length);
  const size_t behind = startup_.size() - *length;
  startup_.clear();
  on_packet(packet, behind == 0 ? net::Slice()
                                : data.sub(static_cast<uint32_t>(bytes.size() - behind),
                                           static_cast<uint32_t>(behind)));
}

void Login::on_packet(Bytes packet, net::Slice rest) {
  auto decoded = pg::decode_startup_packet(packet);
  if (!decoded) {
    reject("08P01", decoded.error().text);
  } else if (std::holds_alternative<pg::SslRequest>(*decoded)) {
    on_ssl_request(!rest.empty());
  } else if (std::holds_alternative<pg::GssEncRequest>(*decoded)) {
    on_gss_request(!rest.empty());
  } else if (!rest.empty()) {
    // A client has to wait for our answer before it can know what to say next.
    reject("08P01", "received data behind the startup packet");
  } else if (const auto* cancel = std::get_if<pg::CancelRequest>(&*decoded)) {
    on_cancel(*cancel);
  } else {
    on_startup(std::get<pg::StartupMessage>(std::move(*decoded)));
  }
}

void Login::on_ssl_request(bool trailing) {
  if (trailing) {
    // Injected before encryption begins, they would be taken for encrypted ones (CVE-2021-23214).
    reject("08P01", "received unencrypted data after SSL request");
    return;
  }
  if (asked_ssl_ || stream_->is_tls()) {
    reject("08P01", "SSL request sent twice");
    return;
  }
  asked_ssl_ = true;
  if (!runtime_->tls) {
    stream_->send(Bytes("N"));
    return;
  }
  stream_->send(Bytes("S"));
  phase_ = Phase::kHandshake;
  stream_->start_tls_server(runtime_->tls, {});
}

void Login::on_gss_request(bool trailing) {
  if (trailing || asked_gss_ || stream_->is_tls()) {
    reject("08P01", trailing ? "received unencrypted data after GSSAPI encryption request"
                             : "GSSAPI encryption request out of place");
    return;
  }
  asked_gss_ = true;
  stream_->send(Bytes("N"));
}

void Login::on_secured() {
  if (direct_tls_ && stream_->alpn() != "postgresql") {
    over();  // As PostgreSQL 17: direct TLS needs ALPN.
    return;
  }
  phase_ = Phase::kStartup;
}

void Login::on_cancel(const pg::CancelRequest& request) {
  if (runtime_->config->tls.required && !stream_->is_tls()) {
    over();
    return;
  }
  phase_ = Phase::kCancelling;
  const auto ticket =
      std::make_shared<CancelTicket>([&worker = worker_, this, weak = std::weak_ptr<bool>(alive_)] {
        worker.post([this, weak](Worker&) {
          if (!weak.expired()) over();
        });
      });
  worker_.shared().broadcast(
      [key = request.key, ticket](Worker& worker) {
        const auto found = worker.cancel_keys().find(key);
        if (found != worker.cancel_keys().end()) found->second->cancel(ticket);
      },
      nullptr);
}

void Login::on_startup(pg::StartupMessage message) {
  if (runtime_->config->tls.required && !stream_->is_tls()) {
    refuse_startup(message, "28000", "this gateway accepts only TLS connections",
                   "Connect with sslmode=require, or better verify-full.");
    return;
  }
  driver_ = driver_of(message);
  auto parameters = pg::sort_startup_parameters(message);
  if (!parameters) {
    const std::string& text = parameters.error().text;  // "<SQLSTATE> <message>"
    refuse_startup(message, Bytes(text).substr(0, 5), Bytes(text).substr(6), {});
    return;
  }
  parameters_ = std::move(*parameters);
  minor_ = std::min(message.minor, pg::kNewestMinor);
  if (message.minor > pg::kNewestMinor || !message.protocol_options.empty()) {
    std::string out;
    pg::encode_negotiate_protocol_version(out, minor_, message.protocol_options);
    stream_->send(Bytes(out));
  }
  offer_sasl();
}

/// Nobody has proved who they are; the record says who they said they were.
void Login::refuse_startup(const pg::StartupMessage& message, std::string_view sqlstate,
                           std::string_view text, std::string_view hint) {
  parameters_.user = message.find("user");
  parameters_.database = message.find("database");
  parameters_.application_name = message.find("application_name");
  record_failure(text);
  reject(sqlstate, text, hint);
}

/// Without the store nobody can be told from anybody; no login has failed by that.
bool Login::nobody_known(const identity::Directory& directory) {
  if (directory.why_lost().empty()) return false;
  record_failure(directory.why_lost());
  reject("57P03", directory.why_lost(), "Connect again in a moment.");
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
    if (phase_ == Phase::kSaslFinal) {
      on_sasl_final(piece.body(), data.sub(static_cast<uint32_t>(data.size() - in.size()),
                                           static_cast<uint32_t>(in.size())));
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
  mechanism_ = response->mechanism;
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

void Login::on_sasl_final(Bytes body, net::Slice rest) {
  auto answer = scram_->final(body);
  if (!answer) {
    const identity::User* user = nullptr;
    const identity::Credential* credential = nullptr;
    if (scram_->shown()) {
      if (auto why = unwelcome(*runtime_->directory, user, credential))
        answer.error().text = std::move(*why);
    }
    fail_login(answer.error());
    return;
  }
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
  context.client_address = stream_->peer().to_string();
  context.driver = driver_;
  audit::Event event;
  event.type = audit::EventType::kLoginFailed;
  event.time_micros = wall_micros();
  event.message = why;
  (void)worker_.log().append(audit::EncodedContext(context), event);
}

void Login::fail_login(const Error& error) {
  record_failure(error.text);
  const bool password = error.code == ErrorCode::kAuthentication;
  if (password) {
    worker_.shared().login_limits.failed(parameters_.user, stream_->peer().host(),
                                         runtime_->config->limits.logins, Clock::now());
  }
  reject(password ? "28P01" : "08P01",
         password ? fmt::format("password authentication failed for user \"{}\"", parameters_.user)
                  : error.text);
}

/// What was good when the login began may have ended while the proof was on its way. The user and
/// credential are found anew, in `directory`.
std::optional<std::string> Login::unwelcome(const identity::Directory& directory,
                                            const identity::User*& user,
                                            const identity::Credential*& credential) const {
  user = directory.find(parameters_.user);
  if (user == nullptr) return "user is gone or disabled";
  if (const identity::Credential* shown = offered_[*scram_->shown()]) {
    credential = directory.credential(shown->id);
    if (credential == nullptr) return "the credential is gone";
  }
  const auto why = not_welcome(directory, *user, credential, parameters_.database, wall_micros());
  return why ? std::optional(why->why) : std::nullopt;
}

void Login::admit(net::Slice rest) {
  const auto database = runtime_->databases.find(parameters_.database);
  if (database == runtime_->databases.end()) {
    record_failure("no such database");
    reject("3D000", fmt::format("database \"{}\" does not exist", parameters_.database),
           "Ask your operator which databases this gateway serves.");
    return;
  }
  const auto directory = worker_.runtime()->directory;
  if (nobody_known(*directory)) return;
  const identity::User* user = nullptr;
  const identity::Credential* credential = nullptr;
  if (const auto why = unwelcome(*directory, user, credential)) {
    fail_login({ErrorCode::kAuthentication, *why});
    return;
  }
  if (worker_.shared().draining.load()) {
    reject("57P03", "the gateway is shutting down", "Connect again in a moment.");
    return;
  }
  if (worker_.shared().sessions.load() >= runtime_->config->limits.max_sessions) {
    record_failure("too many sessions");
    reject("53300", "sorry, too many clients already",
           "An operator can raise limits.max_sessions.");
    return;
  }
  const int64_t now = wall_micros();
  const Place place{database->second->config().name, now};
  auto principal = principal_of(
      *directory, *user, credential,
      mechanism_ == pg::kScramSha256Plus ? "scram-sha-256-plus" : "scram-sha-256", now, place);
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
  admission.runtime = runtime_;
  admission.database = database->second;
  admission.user = user->name;
  admission.principal = std::move(principal);
  admission.grants = admission.principal.grants;
  admission.grants_until = next_end(*directory, admission.principal, place);
  admission.role = std::move(*role);
  worker_.shared().used_users.note(user->name, now);
  if (credential != nullptr) {
    admission.credential_expires = credential->expires_micros;
    worker_.shared().used_credentials.note(credential->id, now);
  }
  admission.application_name = std::move(parameters_.application_name);
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
