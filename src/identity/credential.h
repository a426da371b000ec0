#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"

namespace sluice::identity {

/// What a credential is for; both are shown to the gateway in place of a password.
enum class CredentialKind : uint8_t {
  kSession,  ///< short-lived, from `sluice login`
  kToken,    ///< of a service or an agent, or of somebody who calls the HTTP API
};

/// "session", "token".
std::string_view name_of(CredentialKind kind);
std::optional<CredentialKind> find_credential_kind(std::string_view name);

/// How strongly it is known who somebody is.
struct Assurance {
  std::string method;                ///< "password", "totp", "ldap", "oidc", "jwt", "certificate"
  std::string issuer;                ///< who vouches for it; empty: this installation
  std::string acr;                   ///< authentication context class, as the issuer calls it
  std::vector<std::string> amr;      ///< authentication methods references (RFC 8176)
  int64_t authenticated_micros = 0;  ///< when they proved who they are
  std::map<std::string, std::string> claims = {};  ///< of the token, as IssuerConfig::claims says

  bool operator==(const Assurance&) const = default;
};

/// Something that lets its holder in as one user, for a while.
struct Credential {
  std::string id;  ///< short, public
  std::string user;
  CredentialKind kind = CredentialKind::kSession;
  std::string scram_verifier;          ///< with the salt and iterations of its user's others;
                                       ///< empty: a client certificate is shown, no password
  std::string digest;                  ///< credential_digest or certificate_digest: found by it
  std::vector<std::string> databases;  ///< where it is good; empty: everywhere
  int64_t created_micros = 0;
  int64_t expires_micros = 0;
  int64_t revoked_micros = 0;    ///< 0: it is not
  int64_t last_used_micros = 0;  ///< 0: never; may lag behind by a minute
  std::string label;             ///< for people
  Assurance assurance;
  /// Empty when the holder acts for itself. Else who acts, from the one who connects (`user`, the
  /// outermost actor of RFC 8693) over those who handed on to it, to the person for whom all of it
  /// is done, last.
  std::vector<std::string> actors;
  std::vector<std::string> scopes;  ///< what a token may do at the HTTP API

  bool live(int64_t now_micros) const { return revoked_micros == 0 && now_micros < expires_micros; }
  bool good_for(std::string_view database) const;
  /// The person for whom its holder acts; empty: for itself.
  std::string_view acts_for() const { return actors.empty() ? std::string_view() : actors.back(); }
};

/// The secrets of credentials: "slc_", 43 random characters of [0-9A-Za-z] (256 bits), and 6 that
/// check them (CRC-32C in base 62), so that scanners find them wherever they were left.
SecretString make_credential_secret();
/// Whether a text has that form, and its last characters check the rest. Says nothing of who it
/// lets in.
bool is_credential_secret(std::string_view text);
/// "7k2m9x4qzp": 50 random bits in letters and digits that are hard to take for each other.
std::string make_credential_id();
/// What `Credential::digest` is of a secret.
std::string credential_digest(std::string_view secret);
/// What it is of a key pair whose holder is let in by a client certificate: `key_digest` is the
/// SHA-256 of the public key (DER). No secret has such a digest.
std::string certificate_digest(std::string_view key_digest);

}  // namespace sluice::identity
