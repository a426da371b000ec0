#include "net/tls_session.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>

namespace sluice::net {
namespace {

bool is_ip_literal(const std::string& name) {
  unsigned char parsed[sizeof(in6_addr)];
  return inet_pton(AF_INET, name.c_str(), parsed) == 1 ||
         inet_pton(AF_INET6, name.c_str(), parsed) == 1;
}

void expect_name(SSL* ssl, const std::string& name) {
  X509_VERIFY_PARAM* param = SSL_get0_param(ssl);
  if (is_ip_literal(name)) {
    X509_VERIFY_PARAM_set1_ip_asc(param, name.c_str());
    return;
  }
  // Only subjectAltName counts; the common name never does.
  X509_VERIFY_PARAM_set_hostflags(
      param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  X509_VERIFY_PARAM_set1_host(param, name.c_str(), name.size());
}

}  // namespace

TlsSession::TlsSession(std::shared_ptr<const TlsContext> context, bool server,
                       const std::string& server_name, bool alpn_postgresql, Output output)
    : context_(std::move(context)),
      ssl_(SSL_new(context_->native()), SSL_free),
      server_(server),
      output_(std::move(output)) {
  BIO* bio = BIO_new(bio_method());
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);  // Takes one reference for both directions.
  if (server_) {
    SSL_set_accept_state(ssl_.get());
    return;
  }
  SSL_set_connect_state(ssl_.get());
  if (!is_ip_literal(server_name)) SSL_set_tlsext_host_name(ssl_.get(), server_name.c_str());
  if (context_->check() == PeerCheck::kFullName) expect_name(ssl_.get(), server_name);
  if (alpn_postgresql) {
    static constexpr std::string_view kProtocol = "\x0apostgresql";
    SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(kProtocol.data()),
                        kProtocol.size());
  }
}

TlsSession::~TlsSession() = default;

BIO_METHOD* TlsSession::bio_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sluice stream");
    BIO_meth_set_read_ex(m, bio_read);
    BIO_meth_set_write_ex(m, bio_write);
    BIO_meth_set_ctrl(m, bio_ctrl);
    return m;
  }();
  return method;
}

int TlsSession::bio_read(BIO* bio, char* out, size_t size, size_t* count) {
  auto* self = static_cast<TlsSession*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (self->input_.empty()) {
    BIO_set_retry_read(bio);
    return 0;
  }
  *count = std::min(size, self->input_.size());
  std::memcpy(out, self->input_.data(), *count);
  self->input_.remove_prefix(*count);
  return 1;
}

int TlsSession::bio_write(BIO* bio, const char* data, size_t size, size_t* count) {
  static_cast<TlsSession*>(BIO_get_data(bio))->output_(Bytes(data, size));
  *count = size;
  return 1;
}

long TlsSession::bio_ctrl(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

TlsSession::Progress TlsSession::failed(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return Progress::kWantMore;
    case SSL_ERROR_ZERO_RETURN:
      return Progress::kClosed;
    default:
      break;
  }
  const long verify = SSL_get_verify_result(ssl_.get());
  if (!server_ && verify != X509_V_OK) {
    problem_ = {ErrorCode::kAuthentication, std::string("server certificate refused: ") +
                                                X509_verify_cert_error_string(verify)};
  } else {
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    problem_ = {ErrorCode::kProtocol,
                std::string("TLS failed: ") + (reason == nullptr ? "connection broken" : reason)};
  }
  ERR_clear_error();
  return Progress::kFailed;
}

TlsSession::Progress TlsSession::handshake() {
  ERR_clear_error();
  const int rc = SSL_do_handshake(ssl_.get());
  if (rc != 1) return failed(rc);
  established_ = true;
  return Progress::kDone;
}

TlsSession::Progress TlsSession::read(char* out, size_t size, size_t& count) {
  ERR_clear_error();
  const int rc = SSL_read_ex(ssl_.get(), out, size, &count);
  return rc == 1 ? Progress::kDone : failed(rc);
}

bool TlsSession::write(Bytes plain) {
  while (!plain.empty()) {
    size_t count = 0;
    ERR_clear_error();
    if (SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &count) != 1) return false;
    plain.remove_prefix(count);
  }
  return true;
}

void TlsSession::close_notify() {
  if (established_) SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

std::string TlsSession::alpn() const {
  const unsigned char* data = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &data, &size);
  return {reinterpret_cast<const char*>(data), size};
}

std::string TlsSession::description() const {
  return std::string(SSL_get_version(ssl_.get())) + " " + SSL_get_cipher_name(ssl_.get());
}

Result<std::string> TlsSession::channel_binding() const {
  X509* certificate =
      server_ ? SSL_get_certificate(ssl_.get()) : SSL_get0_peer_certificate(ssl_.get());
  int digest = NID_undef;
  if (certificate == nullptr ||
      OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &digest, nullptr) != 1) {
    return fail(ErrorCode::kUnavailable, "the certificate's signature allows no channel binding");
  }
  // RFC 5929 section 4.1: MD5 and SHA-1 are replaced by SHA-256.
  if (digest == NID_md5 || digest == NID_sha1) digest = NID_sha256;
  const EVP_MD* md = EVP_get_digestbynid(digest);
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (md == nullptr || X509_digest(certificate, md, out, &size) != 1) {
    return fail(ErrorCode::kUnavailable, "the certificate's signature allows no channel binding");
  }
  return std::string(reinterpret_cast<const char*>(out), size);
}

}  // namespace sluice::net
