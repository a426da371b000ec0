#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string_view>

namespace sluice::net {
namespace {

std::string openssl_error() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(code);
  return reason == nullptr ? "unknown TLS error" : reason;
}

tl::unexpected<Error> bad(const std::string& what) {
  return fail(ErrorCode::kInvalidInput, what + ": " + openssl_error());
}

/// A client that offers ALPN must offer "postgresql" (PostgreSQL 17, "SSL Session Encryption").
int select_alpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                unsigned int in_size, void*) {
  static constexpr std::string_view kProtocol = "\x0apostgresql";
  unsigned char* selected = nullptr;
  const int rc = SSL_select_next_proto(
      &selected, out_size, reinterpret_cast<const unsigned char*>(kProtocol.data()),
      kProtocol.size(), in, in_size);
  *out = selected;
  return rc == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

void set_common(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TICKET);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

Result<> load_identity(SSL_CTX* context, const std::string& certificate, const std::string& key) {
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) {
    return bad("cannot use certificate " + certificate);
  }
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return bad("cannot use key " + key);
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    return bad("key " + key + " does not belong to certificate " + certificate);
  }
  return {};
}

}  // namespace

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

Result<std::shared_ptr<const TlsContext>> TlsContext::server(const std::string& certificate_file,
                                                             const std::string& key_file) {
  std::shared_ptr<TlsContext> context(
      new TlsContext(SSL_CTX_new(TLS_server_method()), PeerCheck::kNone));
  set_common(context->context_);
  SSL_CTX_set_num_tickets(context->context_, 0);
  SSL_CTX_set_alpn_select_cb(context->context_, select_alpn, nullptr);
  SLUICE_TRY(load_identity(context->context_, certificate_file, key_file));
  return context;
}

Result<std::shared_ptr<const TlsContext>> TlsContext::client(const ClientOptions& options) {
  std::shared_ptr<TlsContext> context(
      new TlsContext(SSL_CTX_new(TLS_client_method()), options.check));
  set_common(context->context_);
  if (options.check != PeerCheck::kNone) {
    SSL_CTX_set_verify(context->context_, SSL_VERIFY_PEER, nullptr);
    const bool loaded =
        options.root_file.empty() || options.root_file == "system"
            ? SSL_CTX_set_default_verify_paths(context->context_) == 1
            : SSL_CTX_load_verify_file(context->context_, options.root_file.c_str()) == 1;
    if (!loaded) return bad("cannot use root certificates " + options.root_file);
  }
  if (!options.certificate_file.empty()) {
    SLUICE_TRY(load_identity(context->context_, options.certificate_file, options.key_file));
  }
  return context;
}

}  // namespace sluice::net
