#include "gateway/login.h"

#include <fmt/format.h>

#include "base/log.h"
#include "gateway/cancel.h"
#include "gateway/driver.h"
#include "gateway/identified.h"
#include "gateway/server_identity.h"
#include "gateway/session.h"
#include "gateway/vouched.h"
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
    case Phase::kRefused:
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
  // Not to be taken for the client's address before it is vouched for.
  if (const std::string stated = std::exchange(parameters_.asked_from, {}); !stated.empty()) {
    auto address = vouched_address(stated);
    if (!address) {
      refuse_startup(
          message, "42501",
          fmt::format("parameter \"{}\" may not be set at connection start", pg::kAskedFrom),
          "It is the gateway's own.");
      return;
    }
    parameters_.asked_from = std::move(*address);
  }
  minor_ = std::min(message.minor, pg::kNewestMinor);
  if (message.minor > pg::kNewestMinor || !message.protocol_options.empty()) {
    std::string out;
    pg::encode_negotiate_protocol_version(out, minor_, message.protocol_options);
    stream_->send(Bytes(out));
  }
  if (!admit_by_certificate()) offer_sasl();
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

}  // namespace sluice::gateway
