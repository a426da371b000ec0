#pragma once

#include <memory>
#include <string>

#include "base/result.h"

struct ssl_ctx_st;

namespace sluice::net {

/// How a TLS client checks the server it reached; the meanings of libpq's sslmode.
enum class PeerCheck : uint8_t {
  kNone,      ///< prefer, require without a root file: encrypt, trust anybody
  kChain,     ///< verify-ca: the certificate chains to the trusted root
  kFullName,  ///< verify-full: and names the host (SAN dNSName or iPAddress; never the CN)
};

/// Certificates and settings for many TLS connections; immutable once built, shared by workers.
class TlsContext {
 public:
  /// For a listener: PEM certificate chain and key, TLS 1.2 or later, ALPN `postgresql` accepted.
  /// With `ask_client` clients are asked for a certificate, and any is taken, or none: whoever
  /// reads it (Stream::peer_certificate) decides what it is worth.
  static Result<std::shared_ptr<const TlsContext>> server(const std::string& certificate_file,
                                                          const std::string& key_file,
                                                          bool ask_client = false);
  struct ClientOptions {
    PeerCheck check = PeerCheck::kFullName;
    std::string root_file;         ///< PEM; "system" or empty means the system's store
    std::string certificate_file;  ///< client certificate; optional
    std::string key_file;
  };
  static Result<std::shared_ptr<const TlsContext>> client(const ClientOptions& options);

  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ssl_ctx_st* native() const { return context_; }
  PeerCheck check() const { return check_; }

 private:
  TlsContext(ssl_ctx_st* context, PeerCheck check) : context_(context), check_(check) {}
  ssl_ctx_st* context_;
  PeerCheck check_;
};

}  // namespace sluice::net
