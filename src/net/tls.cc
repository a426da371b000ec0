#include "net/tls.h"

#include <cstring>
#include <string_view>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace sluice::net {

namespace {

tl::unexpected<Error> refused(std::string_view what) {
  // What the system has said comes first, and what it means to OpenSSL behind it.
  const unsigned long first = ERR_peek_error();
  const char* const reason = ERR_SYSTEM_ERROR(first)
                                 ? std::strerror(ERR_GET_REASON(first))
                                 : ERR_reason_error_string(ERR_peek_last_error());
  const std::string text =
      fmt::format("{}: {}", what, reason == nullptr ? "unknown TLS error" : reason);
  ERR_clear_error();
  return fail(ErrorCode::kInvalidInput, text);
}

/// A client that offers ALPN must offer "postgresql"; else RFC 7301 section 3.2's fatal alert.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  static constexpr std::string_view kProtocol = "postgresql";
  for (unsigned int at = 0; at < offered_size;) {
    const unsigned int size = offered[at++];
    if (size > offered_size - at) break;
    const std::string_view name(reinterpret_cast<const char*>(offered + at), size);
    if (name == kProtocol) {
      *out = offered + at;
      *out_size = static_cast<unsigned char>(size);
      return SSL_TLSEXT_ERR_OK;
    }
    at += size;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

constexpr long kLongestChain = 32 * 1024;

/// Who holds the key has proved so; a certificate that lets nobody in is as good as none.
int take_any_certificate(X509_STORE_CTX*, void*) { return 1; }

/// What client and server share: TLS 1.2 or later, nothing that has been a weakness or that keeps
/// state between connections, and no buffers while idle.
bool set_common(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(context, "HIGH:!aNULL:!eNULL") == 1;
}

Result<> load_identity(SSL_CTX* context, const std::string& certificate, const std::string& key) {
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) {
    return refused(fmt::format("cannot use certificate {}", certificate));
  }
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return refused(fmt::format("cannot use private key {}", key));
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    return refused(fmt::format("private key {} does not belong to {}", key, certificate));
  }
  return {};
}

Result<> load_roots(SSL_CTX* context, const std::string& file) {
  if (file.empty() || file == "system") {
    if (SSL_CTX_set_default_verify_paths(context) == 1) return {};
    return refused("cannot use the system's root certificates");
  }
  if (SSL_CTX_load_verify_file(context, file.c_str()) == 1) return {};
  return refused(fmt::format("cannot use root certificates {}", file));
}

}  // namespace

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

Result<std::shared_ptr<const TlsContext>> TlsContext::server(const std::string& certificate_file,
                                                             const std::string& key_file,
                                                             bool ask_client) {
  ERR_clear_error();
  std::shared_ptr<TlsContext> context(
      new TlsContext(SSL_CTX_new(TLS_server_method()), PeerCheck::kNone));
  SSL_CTX* const native = context->context_;
  if (native == nullptr || !set_common(native)) return refused("cannot set up TLS");
  SSL_CTX_set_num_tickets(native, 0);
  SSL_CTX_set_alpn_select_cb(native, choose_protocol, nullptr);
  if (ask_client) {
    SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_cert_verify_callback(native, take_any_certificate, nullptr);
    SSL_CTX_set_max_cert_list(native, kLongestChain);
  }
  SLUICE_TRY(load_identity(native, certificate_file, key_file));
  return context;
}

Result<std::shared_ptr<const TlsContext>> TlsContext::client(const ClientOptions& options) {
  ERR_clear_error();
  std::shared_ptr<TlsContext> context(
      new TlsContext(SSL_CTX_new(TLS_client_method()), options.check));
  SSL_CTX* const native = context->context_;
  if (native == nullptr || !set_common(native)) return refused("cannot set up TLS");
  if (options.check == PeerCheck::kNone) {
    SSL_CTX_set_verify(native, SSL_VERIFY_NONE, nullptr);
  } else {
    SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
    if (SSL_CTX_set_purpose(native, X509_PURPOSE_SSL_SERVER) != 1) return refused("cannot verify");
    SLUICE_TRY(load_roots(native, options.root_file));
  }
  if (!options.certificate_file.empty()) {
    SLUICE_TRY(load_identity(native, options.certificate_file, options.key_file));
  }
  return context;
}

}  // namespace sluice::net
