#include "cli/proxy_link.h"

#include <algorithm>

#include "wire/postgres/backend.h"
#include "wire/postgres/encode.h"
#include "wire/postgres/protocol.h"

namespace sluice::cli {
namespace pg = wire::postgres;

namespace {

constexpr auto kConnectTimeout = std::chrono::seconds(10);

/// Until the login is over every message is small and looked at whole.
const pg::Framer::Rules& login_rules() {
  static const pg::Framer::Rules rules = [] {
    pg::Framer::Rules r;
    for (const char type : {'R', 'E', 'N', 'v'}) {
      r.by_type[static_cast<unsigned char>(type)] = pg::Framer::Handling::kGather;
    }
    r.gather_limit = 64 * 1024;
    return r;
  }();
  return rules;
}

}  // namespace

ProxyLink::ProxyLink(net::Reactor& reactor, std::unique_ptr<net::Stream> client, ProxyTarget target,
                     std::function<void(ProxyLink*)> over)
    : reactor_(reactor),
      target_(std::move(target)),
      over_(std::move(over)),
      framer_(login_rules()) {
  client_.stream = std::move(client);
  client_.stream->set_handler(&client_);
}

void ProxyLink::finish() {
  if (phase_ == Phase::kOver) return;
  phase_ = Phase::kOver;
  pending_.reset();
  for (End* end : {&client_, &gateway_}) {
    if (end->stream) net::Stream::close_after_flush(std::move(end->stream));
  }
  over_(this);
}

void ProxyLink::refuse(std::string_view text, std::string_view hint) {
  pg::ErrorFields fields;
  fields.set_severity("FATAL");
  fields.set(pg::kFieldSqlstate, "08006");
  fields.set(pg::kFieldMessage, text);
  if (!hint.empty()) fields.set(pg::kFieldHint, hint);
  std::string out;
  pg::encode_error_response(out, fields);
  if (!cancelling_) client_.stream->send(Bytes(out));
  finish();
}

void ProxyLink::closed(bool client, const Error& reason) {
  if (!client && phase_ != Phase::kRelay && phase_ != Phase::kOver) {
    refuse("the gateway cannot be used: " + reason.text);
    return;
  }
  finish();
}

void ProxyLink::drained(bool client) {
  End& other = client ? gateway_ : client_;
  if (other.stream) other.stream->resume_receive();
}

void ProxyLink::receive(bool from_client, net::Slice data) {
  if (phase_ == Phase::kRelay) {
    End& from = from_client ? client_ : gateway_;
    End& to = from_client ? gateway_ : client_;
    to.stream->send(std::move(data));
    if (to.stream->unsent() > net::Stream::kHighWater) from.stream->pause_receive();
  } else if (from_client) {
    receive_startup(data.bytes());
  } else if (phase_ == Phase::kSslAnswer) {
    ssl_answer(data.bytes());
  } else {
    receive_login(std::move(data));
  }
}

void ProxyLink::receive_startup(Bytes data) {
  if (phase_ != Phase::kStartup) {
    finish();  // A client has to wait for the answer to its start-up message.
    return;
  }
  startup_.append(data.substr(0, 2 * pg::kMaxStartupPacket));
  if (startup_.size() < 4) return;
  const auto length = pg::startup_packet_length(startup_);
  if (length && startup_.size() < *length) return;
  auto packet =
      length && startup_.size() == *length
          ? pg::decode_startup_packet(startup_)
          : Result<pg::StartupPacket>(fail(ErrorCode::kProtocol, "not a start-up packet"));
  if (!packet) {
    refuse(packet.error().text);
    return;
  }
  if (std::holds_alternative<pg::SslRequest>(*packet) ||
      std::holds_alternative<pg::GssEncRequest>(*packet)) {
    startup_.clear();
    client_.stream->send(Bytes("N"));  // Nothing leaves this machine but by TLS of our own.
    return;
  }
  cancelling_ = std::holds_alternative<pg::CancelRequest>(*packet);
  if (!target_.problem.empty()) {
    refuse(target_.problem);
    return;
  }
  if (cancelling_) {
    first_ = std::move(startup_);
  } else {
    const auto& message = std::get<pg::StartupMessage>(*packet);
    auto parameters = message.parameters;
    std::erase_if(parameters, [](const auto& parameter) {
      return parameter.first == "user" || parameter.first == "database";
    });
    parameters.emplace_back("user", target_.kept.user);
    parameters.emplace_back("database", target_.database);
    pg::encode_startup_message(first_, parameters);
    if (message.minor > 0 || !message.protocol_options.empty()) {
      std::string out;
      pg::encode_negotiate_protocol_version(out, 0, message.protocol_options);
      client_.stream->send(Bytes(out));
    }
  }
  connect();
}

void ProxyLink::connect() {
  phase_ = Phase::kConnecting;
  client_.stream->pause_receive();
  pending_ = reactor_.connect(target_.address, kConnectTimeout,
                              [this](auto stream) { connected(std::move(stream)); });
}

void ProxyLink::connected(Result<std::unique_ptr<net::Stream>> stream) {
  if (!stream) {
    refuse("the gateway cannot be reached: " + stream.error().text);
    return;
  }
  gateway_.stream = std::move(*stream);
  gateway_.stream->set_handler(&gateway_);
  if (!target_.tls) {
    send_startup();
    return;
  }
  phase_ = Phase::kSslAnswer;
  std::string out;
  pg::encode_ssl_request(out);
  gateway_.stream->send(Bytes(out));
}

void ProxyLink::ssl_answer(Bytes data) {
  if (data != "S") {
    refuse("the gateway does not offer TLS any more", "Log in again: sluice login.");
    return;
  }
  phase_ = Phase::kHandshake;
  gateway_.stream->start_tls_client(target_.tls, target_.kept.host, false);
}

void ProxyLink::send_startup() {
  gateway_.stream->send(Bytes(first_));
  phase_ = Phase::kLogin;
  if (cancelling_) finish();
}

void ProxyLink::receive_login(net::Slice data) {
  Bytes in = data.bytes();
  pg::Framer::Piece piece;
  while (phase_ == Phase::kLogin) {
    const auto status = framer_.next(in, piece);
    if (status == pg::Framer::Status::kNeedMore) return;
    if (status == pg::Framer::Status::kBad || !piece.whole()) {
      refuse("the gateway sent an unexpected message");
      return;
    }
    if (!on_login_message(piece.type, piece.body(), piece.bytes)) return;
  }
  // Logged in: the rest of what came is for the client already.
  client_.stream->send(in);
  client_.stream->resume_receive();
}

/// False: the link is over.
bool ProxyLink::on_login_message(char type, Bytes body, Bytes whole) {
  if (type == pg::kAuthentication) return on_authentication(body);
  if (type == pg::kErrorResponse || type == pg::kNoticeResponse) {
    client_.stream->send(whole);
    if (type == pg::kNoticeResponse) return true;
    finish();
    return false;
  }
  refuse("the gateway sent an unexpected message");
  return false;
}

bool ProxyLink::on_authentication(Bytes body) {
  const auto request = pg::decode_authentication(body);
  std::string out;
  if (request && request->code == pg::AuthCode::kSasl && !scram_) {
    const auto& offered = request->mechanisms;
    std::string binding;
    if (gateway_.stream->is_tls()) {
      if (auto bound = gateway_.stream->channel_binding()) binding = std::move(*bound);
    }
    const bool plus = !binding.empty() && std::find(offered.begin(), offered.end(),
                                                    pg::kScramSha256Plus) != offered.end();
    // The certificate is not looked at: without channel binding, this could be anybody in between.
    if (gateway_.stream->is_tls() && !plus) {
      refuse(
          "what answers in the gateway's place cannot prove that TLS ends there",
          "It offers no channel binding (SCRAM-SHA-256-PLUS): log in again with sluice login; an "
          "operator can see whether the gateway's certificate has an RSA or ECDSA key.");
      return false;
    }
    scram_.emplace(std::string(target_.kept.secret.reveal()), std::move(binding), plus);
    pg::encode_sasl_initial_response(out, scram_->mechanism(), scram_->first());
  } else if (request && request->code == pg::AuthCode::kSaslContinue && scram_) {
    auto answer = scram_->final(request->data);
    if (!answer) {
      refuse(answer.error().text);
      return false;
    }
    pg::encode_sasl_response(out, *answer);
  } else if (request && request->code == pg::AuthCode::kSaslFinal && scram_ &&
             scram_->verify(request->data)) {
    verified_ = true;
  } else if (request && request->code == pg::AuthCode::kOk && verified_) {
    pg::encode_authentication_ok(out);
    client_.stream->send(Bytes(out));
    phase_ = Phase::kRelay;
    return true;
  } else {
    // Somebody in the gateway's place would be glad of a client that goes on.
    refuse("the gateway did not prove that it knows the credential");
    return false;
  }
  gateway_.stream->send(Bytes(out));
  return true;
}

}  // namespace sluice::cli
