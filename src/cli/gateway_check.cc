#include "cli/gateway_check.h"

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "net/reactor.h"
#include "net/tls.h"
#include "wire/postgres/startup.h"

namespace sluice::cli {
namespace {

constexpr auto kPatience = std::chrono::seconds(15);

/// One connection that goes as far as the gateway's certificate, and no further.
class Handshake : net::StreamHandler {
 public:
  Handshake(net::Reactor& reactor, const Kept& kept, std::shared_ptr<const net::TlsContext> tls)
      : reactor_(reactor),
        host_(kept.host),
        tls_(std::move(tls)),
        timer_(reactor, [this] { end(fail(ErrorCode::kUnavailable, "it does not answer")); }) {}

  /// kAuthentication: the certificate does not verify; kUnavailable: nobody is there.
  Result<> run(const net::Address& address) {
    timer_.arm(kPatience);
    const auto pending = reactor_.connect(address, kPatience, [this](auto stream) {
      if (!stream) return end(fail(ErrorCode::kUnavailable, stream.error().text));
      stream_ = std::move(*stream);
      stream_->set_handler(this);
      std::string out;
      wire::postgres::encode_ssl_request(out);
      stream_->send(Bytes(out));
    });
    reactor_.run();
    stream_.reset();
    return outcome_.value_or(fail(ErrorCode::kUnavailable, "it does not answer"));
  }

 private:
  void on_receive(net::Slice data) override {
    if (data.bytes() != "S") return end(fail(ErrorCode::kDenied, "it offers no TLS"));
    stream_->start_tls_client(tls_, host_, false);
  }
  void on_drained() override {}
  void on_secured() override { end({}); }
  void on_closed(const Error& reason) override { end(fail(reason)); }

  void end(Result<> outcome) {
    if (!outcome_) outcome_ = std::move(outcome);
    reactor_.stop();
  }

  net::Reactor& reactor_;
  const std::string host_;
  std::shared_ptr<const net::TlsContext> tls_;
  std::unique_ptr<net::Stream> stream_;
  std::optional<Result<>> outcome_;
  net::Timer timer_;
};

Result<> verify(const Kept& kept, const std::string& root_file) {
  net::TlsContext::ClientOptions options;
  options.check = net::PeerCheck::kFullName;
  options.root_file = root_file;
  SLUICE_ASSIGN(auto tls, net::TlsContext::client(options));
  SLUICE_ASSIGN(const auto addresses, net::resolve(kept.host, kept.port));
  SLUICE_ASSIGN(const auto reactor, net::Reactor::create(net::Reactor::Backend::kEpoll));
  return Handshake(*reactor, kept, std::move(tls)).run(addresses.front());
}

}  // namespace

std::string system_authorities() {
  // Where distributions keep them in one file; OpenSSL's own default is often a folder alone, which
  // libpq cannot read.
  for (const char* file : {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                           "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"}) {
    std::error_code error;
    if (std::filesystem::is_regular_file(file, error)) return file;
  }
  return "system";
}

Result<std::string> authority_of_gateway(const Kept& kept) {
  const char* named = std::getenv("SLUICE_CA");
  std::string why;
  if (named != nullptr && named[0] != '\0') {
    const auto verified = verify(kept, named);
    std::error_code error;
    if (verified) return std::filesystem::absolute(named, error).string();
    why = verified.error().text;
  }
  const auto verified = verify(kept, system_authorities());
  if (verified) return system_authorities();
  if (verified.error().code == ErrorCode::kUnavailable) return fail(verified.error());
  if (why.empty()) why = verified.error().text;
  return fail(ErrorCode::kDenied,
              fmt::format("what answers at {} port {} is not known to be the gateway ({}): clients "
                          "that show a certificate and no password have nothing else to tell it "
                          "by. Name a file with the authority of its certificate (tls.certificate) "
                          "in SLUICE_CA, and log in again",
                          kept.host, kept.port, why));
}

}  // namespace sluice::cli
