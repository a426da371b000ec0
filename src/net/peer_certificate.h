#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

struct ssl_st;
struct x509_store_st;

namespace sluice::net {

/// What the certificate of a TLS client says. That the client holds its key was proved in the
/// handshake; nothing else here is to be believed before ClientAuthorities has vouched for it.
struct PeerCertificate {
  std::string der;                                   ///< the certificate (X.509)
  std::vector<std::string> chain;                    ///< those that came with it, DER
  std::string key_digest;                            ///< SHA-256 of its SubjectPublicKeyInfo, raw
  std::string common_name;                           ///< empty where there is none
  std::vector<std::string> uris, dns_names, emails;  ///< subjectAltName (RFC 5280, 4.2.1.6)
  int64_t expires_micros = 0;
};

/// Those of the peer of an established connection; the digest is empty when it has shown none.
PeerCertificate read_peer_certificate(ssl_st* ssl);

/// The same digest as PeerCertificate::key_digest, of a public key as PEM ("BEGIN PUBLIC KEY").
/// Errors: kInvalidInput for anything else.
Result<std::string> public_key_digest(std::string_view pem);

/// Who vouches for client certificates: the authorities of a PEM file, and those certificates that
/// they have taken back.
class ClientAuthorities {
 public:
  /// With a file of revocation lists (PEM), every certificate of a chain must be covered by one
  /// that is not out of date. Errors: kInvalidInput, naming the file.
  static Result<std::shared_ptr<const ClientAuthorities>> load(const std::string& ca_file,
                                                               const std::string& crl_file);
  /// Whether they vouch for it now, as a client's. Safe to call from several threads. Errors:
  /// kAuthentication, with the reason.
  Result<> check(const PeerCertificate& certificate) const;

 private:
  explicit ClientAuthorities(std::shared_ptr<x509_store_st> store) : store_(std::move(store)) {}
  std::shared_ptr<x509_store_st> store_;
};

/// A client's key, with the certificate that carries it.
struct ClientKey {
  SecretString key;         ///< PKCS #8, PEM
  std::string certificate;  ///< PEM; signed by the key itself
  std::string public_key;   ///< PEM
};

/// Makes an ECDSA key on P-256. The certificate says `name` and ends at `expires_micros`.
Result<ClientKey> make_client_key(const std::string& name, int64_t expires_micros);

}  // namespace sluice::net
