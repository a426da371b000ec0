#include "gateway/server_connection.h"

#include <algorithm>

#include "base/log.h"
#include "wire/postgres/encode.h"
#include "wire/postgres/md5_auth.h"
#include "wire/postgres/protocol.h"
#include "wire/postgres/startup.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

namespace {

/// Before a session has it, every message is small and looked at whole.
const pg::Framer::Rules& startup_rules() {
  static const pg::Framer::Rules rules = [] {
    pg::Framer::Rules r;
    for (const char type : {'R', 'S', 'K', 'Z', 'E', 'N', 'C', 'v', 'A', 'T', 'D'}) {
      r.by_type[static_cast<unsigned char>(type)] = pg::Framer::Handling::kGather;
    }
    r.gather_limit = 64 * 1024;
    return r;
  }();
  return rules;
}

bool tls_required(config::SslMode mode) {
  return mode == config::SslMode::kRequire || mode == config::SslMode::kVerifyCa ||
         mode == config::SslMode::kVerifyFull;
}

}  // namespace

std::string_view parameter(const ParameterList& parameters, std::string_view name) {
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  return {};
}

bool set_parameter(ParameterList& parameters, std::string_view name, std::string_view value) {
  constexpr size_t kMost = 128;
  for (auto& [key, old] : parameters) {
    if (key == name) {
      old = value;
      return true;
    }
  }
  if (parameters.size() >= kMost) return false;
  parameters.emplace_back(name, value);
  return true;
}

ServerConnection::ServerConnection(net::Reactor& reactor, std::shared_ptr<Database> database)
    : reactor_(reactor),
      database_(std::move(database)),
      deadline_(reactor,
                [this] {
                  if (state_ == State::kResetting) {
                    finish_reset(false);
                  } else {
                    fail_connect({ErrorCode::kTimeout, "no answer from the server in time"});
                  }
                }),
      framer_(startup_rules()) {}

ServerConnection::~ServerConnection() {
  if (!stream_) return;
  if (state_ == State::kIdle && user_ == nullptr) {
    std::string out;
    pg::encode_terminate(out);
    stream_->send(Bytes(out));
    net::Stream::close_after_flush(std::move(stream_));
  }
}

void ServerConnection::connect(std::string application_name, ConnectDone done) {
  application_name_ = std::move(application_name);
  connect_done_ = std::move(done);
  deadline_.arm(database_->config().pool.connect_timeout);
  password_ = database_->password();
  if (password_->problem.empty()) return reconnect();
  renew_password([this] { reconnect(); });
}

void ServerConnection::reconnect() {
  password_ = database_->password();
  if (!password_->problem.empty() && password_->text.empty()) {
    reactor_.post([weak = std::weak_ptr<bool>(alive_), this] {
      if (!weak.expired()) fail_connect({ErrorCode::kUnavailable, password_->problem});
    });
    return;
  }
  addresses_ = database_->addresses();
  next_address_ = 0;
  state_ = State::kConnecting;
  framer_ = pg::Framer(startup_rules());
  scram_.reset();
  authenticated_ = false;
  baseline_.clear();
  try_next_address();
}

/// Once for each connection: whoever rotates a password changes it here and there at about the same
/// time.
void ServerConnection::renew_password(std::function<void()> then) {
  renewed_ = true;
  database_->renew_password(
      password_->version,
      [&reactor = reactor_, weak = std::weak_ptr<bool>(alive_), then = std::move(then)] {
        reactor.post([weak, then] {
          if (!weak.expired()) then();
        });
      });
}

void ServerConnection::password_refused(pg::ErrorFields fields) {
  const auto give_up = [this](pg::ErrorFields said) {
    std::string text = "server: " + to_printable_utf8(said.message());
    text += "; the password is that of " + config::describe(database_->config().password_source);
    if (const auto& problem = database_->password()->problem; !problem.empty())
      text += ", and now: " + problem;
    fail_connect({ErrorCode::kUnavailable, std::move(text)}, std::move(said));
  };
  if (renewed_) return give_up(std::move(fields));
  stream_.reset();
  renew_password([this, give_up, fields = std::move(fields)] {
    if (database_->password()->version != password_->version) return reconnect();
    give_up(fields);
  });
}

void ServerConnection::try_next_address() {
  if (next_address_ >= addresses_->size()) {
    // From the loop: the caller is not called back before connect() has returned.
    reactor_.post([weak = std::weak_ptr<bool>(alive_), this] {
      if (!weak.expired()) {
        fail_connect({ErrorCode::kUnavailable,
                      "host \"" + database_->config().host + "\" has no known address"});
      }
    });
    return;
  }
  pending_ =
      reactor_.connect((*addresses_)[next_address_++], database_->config().pool.connect_timeout,
                       [this](auto stream) { connected(std::move(stream)); });
}

void ServerConnection::connected(Result<std::unique_ptr<net::Stream>> stream) {
  if (!stream) {
    if (next_address_ < addresses_->size()) {
      try_next_address();
    } else {
      fail_connect(std::move(stream.error()));
    }
    return;
  }
  stream_ = std::move(*stream);
  stream_->set_handler(this);
  // libpq's "allow" would first try without TLS; TLS where there is any is never the worse choice.
  const bool local = database_->config().host.starts_with('/');
  if (database_->config().sslmode == config::SslMode::kDisable || local) {
    send_startup();
    return;
  }
  state_ = State::kSslAnswer;
  std::string out;
  pg::encode_ssl_request(out);
  stream_->send(Bytes(out));
}

void ServerConnection::ssl_answer(Bytes data) {
  if (data.size() != 1) {
    // Bytes behind the answer would be taken for part of the encrypted conversation.
    fail_connect({ErrorCode::kProtocol, "server sent data before the TLS handshake"});
  } else if (data[0] == 'S') {
    state_ = State::kHandshake;
    stream_->start_tls_client(database_->tls(), database_->config().host, false);
  } else if (data[0] == 'N' && !tls_required(database_->config().sslmode)) {
    send_startup();
  } else if (data[0] == 'N') {
    fail_connect({ErrorCode::kDenied, "server does not offer TLS, which sslmode demands"});
  } else {
    fail_connect({ErrorCode::kProtocol, "server answered SSLRequest with neither S nor N"});
  }
}

void ServerConnection::on_secured() { send_startup(); }

void ServerConnection::send_startup() {
  state_ = State::kAuthenticating;
  const auto& config = database_->config();
  std::vector<std::pair<std::string, std::string>> parameters = {
      {"user", config.user}, {"database", config.server_database}};
  if (!application_name_.empty()) parameters.emplace_back("application_name", application_name_);
  std::string out;
  pg::encode_startup_message(out, parameters);
  stream_->send(Bytes(out));
}

void ServerConnection::on_receive(net::Slice data) {
  if (user_ != nullptr) {
    user_->on_server_receive(std::move(data));
  } else if (state_ == State::kSslAnswer) {
    ssl_answer(data.bytes());
  } else {
    receive_messages(data.bytes());
  }
}

void ServerConnection::receive_messages(Bytes in) {
  pg::Framer::Piece piece;
  for (;;) {
    const auto status = framer_.next(in, piece);
    if (status == pg::Framer::Status::kNeedMore) return;
    if (status == pg::Framer::Status::kBad || !piece.whole()) {
      fail_connect({ErrorCode::kProtocol, "server sent an unexpected message"});
      return;
    }
    if (!on_message(piece.type, piece.body())) return;
  }
}

bool ServerConnection::on_message(char type, Bytes body) {
  switch (type) {
    case pg::kAuthentication:
      return on_authentication(body);
    case pg::kParameterStatus: {
      const auto status = pg::decode_parameter_status(body);
      auto& parameters = state_ == State::kStarting ? baseline_ : current_;
      if (!status || !set_parameter(parameters, status->name, status->value)) break;
      return true;
    }
    case pg::kBackendKeyData: {
      auto key = pg::decode_backend_key_data(body);
      if (!key || state_ != State::kStarting) break;
      key_ = std::move(*key);
      return true;
    }
    case pg::kReadyForQuery:
      ready(body.empty() ? '\0' : body[0]);
      return false;
    case pg::kErrorResponse: {
      auto fields = pg::ErrorFields::decode(body);
      if (state_ == State::kResetting) {
        finish_reset(false);
        return false;
      }
      if (fields.sqlstate() == "28P01") {
        password_refused(std::move(fields));
        return false;
      }
      const std::string text = "server: " + to_printable_utf8(fields.message());
      fail_connect({ErrorCode::kUnavailable, text}, std::move(fields));
      return false;
    }
    case pg::kCommandComplete: {
      const auto complete = pg::decode_command_complete(body);
      discarded_ = complete && complete->tag == "DISCARD ALL";
      return true;
    }
    case pg::kNoticeResponse:
    case pg::kNotificationResponse:
      return true;
    default:
      break;
  }
  fail_connect({ErrorCode::kProtocol, "server sent an unexpected message"});
  return false;
}

bool ServerConnection::on_authentication(Bytes body) {
  const auto request = pg::decode_authentication(body);
  if (!request || state_ != State::kAuthenticating) {
    fail_connect({ErrorCode::kProtocol, "server sent an unexpected authentication message"});
    return false;
  }
  const auto& config = database_->config();
  switch (request->code) {
    case pg::AuthCode::kOk:
      // A server that let us in without proof of the password could be anybody: not over SCRAM.
      if (scram_ && !authenticated_) {
        fail_connect({ErrorCode::kAuthentication, "server skipped its SCRAM proof"});
        return false;
      }
      if (config.channel_binding_required && !scram_) {
        fail_connect({ErrorCode::kAuthentication, "channel binding required, but not used"});
        return false;
      }
      if (!scram_ && !password_sent_ && !may_ask_for("none")) return false;
      state_ = State::kStarting;
      return true;
    case pg::AuthCode::kCleartextPassword:
      if (!stream_->is_tls()) {
        fail_connect({ErrorCode::kDenied, "server wants the password in clear text without TLS"});
        return false;
      }
      if (!may_ask_for("password")) return false;
      return send_password(password_->text.reveal());
    case pg::AuthCode::kMd5Password:
      // Whoever listens can find the password from it, and so can who has taken the server's place.
      if (config.require_auth.empty() && !stream_->is_tls() && !config.host.starts_with('/')) {
        fail_connect({ErrorCode::kDenied,
                      "server wants an md5 password without TLS; make it a SCRAM password, use "
                      "sslmode=verify-full, or say require_auth=md5 in the url"});
        return false;
      }
      if (!may_ask_for("md5")) return false;
      return send_password(pg::md5_response(config.user, password_->text.reveal(), request->data));
    case pg::AuthCode::kSasl:
      if (!may_ask_for("scram-sha-256")) return false;
      return start_scram(*request);
    case pg::AuthCode::kSaslContinue:
    case pg::AuthCode::kSaslFinal:
      return continue_scram(*request);
  }
  fail_connect({ErrorCode::kDenied, "server wants an authentication method that is not supported"});
  return false;
}

bool ServerConnection::may_ask_for(std::string_view method) {
  const auto& named = database_->config().require_auth;
  if (named.empty() || std::find(named.begin(), named.end(), method) != named.end()) return true;
  fail_connect(
      {ErrorCode::kDenied, fmt::format("server wants {}, which is not in require_auth of the url",
                                       method == "none" ? "no proof of the password" : method)});
  return false;
}

bool ServerConnection::send_password(std::string_view password) {
  if (database_->config().channel_binding_required || scram_) {
    fail_connect({ErrorCode::kDenied, "channel binding required, but the server wants a password"});
    return false;
  }
  std::string out;
  pg::encode_password_message(out, password);
  password_sent_ = true;
  stream_->send(Bytes(out));
  return true;
}

bool ServerConnection::start_scram(const pg::AuthenticationRequest& request) {
  const auto& config = database_->config();
  const auto offered = [&](std::string_view name) {
    return std::find(request.mechanisms.begin(), request.mechanisms.end(), name) !=
           request.mechanisms.end();
  };
  std::string binding;
  if (stream_->is_tls()) {
    if (auto data = stream_->channel_binding()) binding = std::move(*data);
  }
  const bool plus = offered(pg::kScramSha256Plus) && !binding.empty();
  if (scram_ || (!plus && !offered(pg::kScramSha256))) {
    fail_connect({ErrorCode::kDenied, "server offers no SASL mechanism that is supported"});
    return false;
  }
  if (config.channel_binding_required && !plus) {
    fail_connect(
        {ErrorCode::kDenied, "channel binding required, but the server does not offer it"});
    return false;
  }
  scram_.emplace(std::string(password_->text.reveal()), std::move(binding), plus);
  if (auto keys = database_->scram_keys(password_->version)) scram_->use_keys(std::move(*keys));
  std::string out;
  pg::encode_sasl_initial_response(out, scram_->mechanism(), scram_->first());
  stream_->send(Bytes(out));
  return true;
}

bool ServerConnection::continue_scram(const pg::AuthenticationRequest& request) {
  if (!scram_) {
    fail_connect({ErrorCode::kProtocol, "server sent SASL data before SASL began"});
    return false;
  }
  if (request.code == pg::AuthCode::kSaslContinue) {
    const auto answer = scram_->final(request.data);
    if (!answer) {
      fail_connect(answer.error());
      return false;
    }
    std::string out;
    pg::encode_sasl_response(out, *answer);
    stream_->send(Bytes(out));
    return true;
  }
  if (const auto verified = scram_->verify(request.data); !verified) {
    fail_connect(verified.error());
    return false;
  }
  authenticated_ = true;
  database_->remember_scram_keys(password_->version, scram_->keys());
  return true;
}

void ServerConnection::ready(char status) {
  if (state_ == State::kResetting) {
    finish_reset(discarded_ && status == 'I' && settings_are_baseline());
    return;
  }
  if (state_ != State::kStarting || status != 'I') {
    fail_connect({ErrorCode::kProtocol, "server sent an unexpected message"});
    return;
  }
  deadline_.cancel();
  scram_.reset();
  state_ = State::kIdle;
  idle_since_ = Clock::now();
  const auto done = std::exchange(connect_done_, nullptr);
  done(std::nullopt);  // May hand this connection on; nothing here is touched afterwards.
}

ServerConnection::Stage ServerConnection::stage() const {
  switch (state_) {
    case State::kConnecting:
      return Stage::kConnecting;
    case State::kSslAnswer:
      return Stage::kAskingForTls;
    case State::kHandshake:
      return Stage::kHandshake;
    default:
      return Stage::kLogin;
  }
}

void ServerConnection::fail_connect(Error error, std::optional<pg::ErrorFields> server) {
  const Stage reached = stage();
  const bool resetting = state_ == State::kResetting;
  const bool idle = state_ == State::kIdle;
  state_ = State::kBroken;
  deadline_.cancel();
  if (resetting) {
    const auto done = std::exchange(reset_done_, nullptr);
    if (done) done(false);
  } else if (idle) {
    const auto closed = std::exchange(idle_closed_, nullptr);
    if (closed) closed();
  } else {
    const auto done = std::exchange(connect_done_, nullptr);
    if (done) done(Failure{std::move(error), std::move(server), reached});
  }
}

void ServerConnection::reset(ResetDone done) {
  state_ = State::kResetting;
  reset_done_ = std::move(done);
  discarded_ = false;
  current_ = baseline_;
  framer_ = pg::Framer(startup_rules());
  deadline_.arm(std::chrono::seconds(5));
  std::string out;
  pg::encode_query(out, "DISCARD ALL");
  stream_->send(Bytes(out));
  stream_->resume_receive();
}

bool ServerConnection::settings_are_baseline() const {
  // DISCARD ALL reports what it changes back; what it left out must have been as it was.
  return current_ == baseline_;
}

void ServerConnection::finish_reset(bool clean) {
  deadline_.cancel();
  state_ = clean ? State::kIdle : State::kBroken;
  current_.clear();
  idle_since_ = Clock::now();
  const auto done = std::exchange(reset_done_, nullptr);
  if (done) done(clean);
}

void ServerConnection::on_drained() {
  if (user_ != nullptr) user_->on_server_drained();
}

void ServerConnection::on_closed(const Error& reason) {
  if (user_ != nullptr) {
    user_->on_server_closed(reason);
  } else {
    fail_connect(reason);
  }
}

}  // namespace sluice::gateway
