#include "net/tls_session.h"

#include <algorithm>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

namespace sluice::net {

namespace {

constexpr size_t kRecordLimit = 16 * 1024;  // RFC 8446 section 5.1

bool is_ip_literal(const std::string& name) {
  in6_addr parsed;
  return ::inet_pton(AF_INET, name.c_str(), &parsed) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), &parsed) == 1;
}

tl::unexpected<Error> internal(const char* what) {
  ERR_clear_error();
  return fail(ErrorCode::kInternal, fmt::format("TLS: {} failed", what));
}

}  // namespace

TlsSession::TlsSession(std::shared_ptr<const TlsContext> context, SliceQueue& input,
                       SliceQueue& output, BufferPool& pool)
    : context_(std::move(context)),
      input_(input),
      output_(output),
      pool_(pool),
      ssl_(SSL_new(context_->native())) {}

Result<std::unique_ptr<TlsSession>> TlsSession::create(std::shared_ptr<const TlsContext> context,
                                                       SliceQueue& input, SliceQueue& output,
                                                       BufferPool& pool) {
  std::unique_ptr<TlsSession> session(new TlsSession(std::move(context), input, output, pool));
  BIO* const bio = BIO_new(bio_method());
  if (session->ssl_ == nullptr || bio == nullptr) {
    BIO_free(bio);
    return internal("SSL_new");
  }
  BIO_set_data(bio, session.get());
  BIO_set_init(bio, 1);
  SSL_set_bio(session->ssl_.get(), bio,
              bio);  // takes the one reference for both directions
  return session;
}

Result<std::unique_ptr<TlsSession>> TlsSession::server(std::shared_ptr<const TlsContext> context,
                                                       SliceQueue& input, SliceQueue& output,
                                                       BufferPool& pool) {
  SLUICE_ASSIGN(auto session, create(std::move(context), input, output, pool));
  SSL_set_accept_state(session->ssl_.get());
  return session;
}

Result<std::unique_ptr<TlsSession>> TlsSession::client(std::shared_ptr<const TlsContext> context,
                                                       const std::string& server_name,
                                                       bool alpn_postgresql, SliceQueue& input,
                                                       SliceQueue& output, BufferPool& pool) {
  SLUICE_ASSIGN(auto session, create(std::move(context), input, output, pool));
  SSL_set_connect_state(session->ssl_.get());
  SLUICE_TRY(session->expect_server(server_name));
  static constexpr unsigned char kProtocols[] = "\x0apostgresql";
  if (alpn_postgresql &&
      SSL_set_alpn_protos(session->ssl_.get(), kProtocols, sizeof kProtocols - 1) != 0) {
    return internal("SSL_set_alpn_protos");
  }
  return session;
}

Result<> TlsSession::expect_server(const std::string& name) {
  // A name with a zero byte would be checked up to there only.
  if (name.find('\0') != std::string::npos) {
    return fail(ErrorCode::kInvalidInput, "TLS server name holds a zero byte");
  }
  const bool full = context_->check() == PeerCheck::kFullName;
  if (name.empty()) {
    if (!full) return {};
    return fail(ErrorCode::kAuthentication, "no host name to check the server's certificate for");
  }
  X509_VERIFY_PARAM* const param = SSL_get0_param(ssl_.get());
  if (is_ip_literal(name)) {
    if (full && X509_VERIFY_PARAM_set1_ip_asc(param, name.c_str()) != 1) return internal("set1_ip");
    return {};  // RFC 6066 section 3: no address in SNI
  }
  if (SSL_set_tlsext_host_name(ssl_.get(), name.c_str()) != 1) return internal("SNI");
  if (!full) return {};
  // RFC 9525: only subjectAltName names a server, never the common name; and "*" is a whole label.
  X509_VERIFY_PARAM_set_hostflags(
      param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (X509_VERIFY_PARAM_set1_host(param, name.data(), name.size()) != 1) {
    return internal("set1_host");
  }
  return {};
}

const BIO_METHOD* TlsSession::bio_method() {
  static const BIO_METHOD* const kMethod = [] {
    BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
    BIO_meth_set_read_ex(method, bio_read);
    BIO_meth_set_write_ex(method, bio_write);
    BIO_meth_set_ctrl(method, bio_control);
    return method;
  }();
  return kMethod;
}

int TlsSession::bio_read(BIO* bio, char* out, size_t size, size_t* count) {
  SliceQueue& input = static_cast<TlsSession*>(BIO_get_data(bio))->input_;
  BIO_clear_retry_flags(bio);
  *count = 0;
  while (*count < size && !input.empty()) {
    const Bytes next = input.front().bytes().substr(0, size - *count);
    std::memcpy(out + *count, next.data(), next.size());
    *count += next.size();
    input.consume(next.size());
  }
  if (*count > 0) return 1;
  BIO_set_retry_read(bio);
  return 0;
}

int TlsSession::bio_write(BIO* bio, const char* data, size_t size, size_t* count) {
  auto* const self = static_cast<TlsSession*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  self->output_.append(Bytes(data, size), self->pool_);
  *count = size;
  return 1;
}

long TlsSession::bio_control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

Error TlsSession::explain(int ssl_error) const {
  const unsigned long code = ERR_peek_error();
  const char* const reason = ERR_reason_error_string(code);
  ERR_clear_error();
  const long verify = SSL_get_verify_result(ssl_.get());
  if (!established_ && SSL_is_server(ssl_.get()) == 0 && context_->check() != PeerCheck::kNone &&
      verify != X509_V_OK) {
    return {ErrorCode::kAuthentication, fmt::format("server certificate does not verify: {}",
                                                    X509_verify_cert_error_string(verify))};
  }
  if (reason != nullptr) return {ErrorCode::kProtocol, fmt::format("TLS: {}", reason)};
  return {ErrorCode::kProtocol, fmt::format("TLS failed (code {})", ssl_error)};
}

Result<bool> TlsSession::handshake() {
  ERR_clear_error();
  const int status = SSL_do_handshake(ssl_.get());
  if (status == 1) {
    established_ = true;
    return true;
  }
  const int error = SSL_get_error(ssl_.get(), status);
  if (error == SSL_ERROR_WANT_READ) return false;
  return fail(explain(error));
}

Result<Slice> TlsSession::read() {
  Slice out(pool_.take(), 0, 0);
  // As many records as are there and fit; each call hands out one record at most.
  while (out.size() + kRecordLimit <= Buffer::kSize) {
    ERR_clear_error();
    size_t count = 0;
    const int status =
        SSL_read_ex(ssl_.get(), out.writable() + out.size(), Buffer::kSize - out.size(), &count);
    if (status == 1) {
      out = out.sub(0, static_cast<uint32_t>(out.size() + count));
      continue;
    }
    const int error = SSL_get_error(ssl_.get(), status);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_ZERO_RETURN) {
      ERR_clear_error();
      break;
    }
    // What was decrypted goes first; OpenSSL fails the next call again.
    if (!out.empty()) break;
    return fail(explain(error));
  }
  if (out.empty()) return Slice();
  return out;
}

Result<> TlsSession::encrypt(size_t limit) {
  while (!plain_.empty() && output_.bytes() < limit) {
    const Bytes next = plain_.front().bytes().substr(0, kRecordLimit);
    size_t count = 0;
    ERR_clear_error();
    const int status = SSL_write_ex(ssl_.get(), next.data(), next.size(), &count);
    if (status != 1) return fail(explain(SSL_get_error(ssl_.get(), status)));
    plain_.consume(count);
  }
  return {};
}

void TlsSession::finish() {
  if (established_) SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

std::string TlsSession::alpn() const {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

std::string TlsSession::description() const {
  if (!established_) return {};
  return fmt::format("{} {}", SSL_get_version(ssl_.get()), SSL_get_cipher_name(ssl_.get()));
}

std::optional<PeerCertificate> TlsSession::peer_certificate() const {
  if (!established_) return std::nullopt;
  auto shown = read_peer_certificate(ssl_.get());
  if (shown.key_digest.empty()) return std::nullopt;
  return shown;
}

Result<std::string> TlsSession::channel_binding() const {
  if (!established_) return fail(ErrorCode::kUnavailable, "TLS is not up");
  const X509* const certificate = SSL_is_server(ssl_.get()) != 0
                                      ? SSL_get_certificate(ssl_.get())
                                      : SSL_get0_peer_certificate(ssl_.get());
  if (certificate == nullptr) return fail(ErrorCode::kUnavailable, "no server certificate");
  // X509_get_signature_info knows RSA-PSS, whose hash stands in the parameters, not in the OID.
  int digest = NID_undef;
  if (X509_get_signature_info(const_cast<X509*>(certificate), &digest, nullptr, nullptr, nullptr) !=
          1 ||
      digest == NID_undef) {
    ERR_clear_error();
    return fail(ErrorCode::kUnavailable,
                "the certificate's signature algorithm has no hash for channel "
                "binding");
  }
  if (digest == NID_md5 || digest == NID_sha1) digest = NID_sha256;
  const EVP_MD* const method = EVP_get_digestbynid(digest);
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (method == nullptr || X509_digest(certificate, method, out, &size) != 1) {
    return internal("X509_digest");
  }
  return std::string(reinterpret_cast<const char*>(out), size);
}

}  // namespace sluice::net
