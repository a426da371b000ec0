#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "identity/credential.h"
#include "store/database.h"

namespace sluice::identity {

/// A credential to be made.
struct NewCredential {
  std::string user;
  CredentialKind kind = CredentialKind::kSession;
  std::vector<std::string> databases;
  int64_t expires_micros = 0;
  std::string label;
  Assurance assurance;
  std::vector<std::string> actors;
  std::vector<std::string> scopes;
};

/// What its holder gets; the secret is not kept here.
struct IssuedCredential {
  std::string id;
  SecretString secret;
  int64_t expires_micros = 0;
};

/// Credentials of one user that may live at once.
inline constexpr size_t kMostCredentials = 64;

/// Changes to the credentials of an installation. Each is one transaction together with the word it
/// leaves for the audit log; `actor` says who made it.
class CredentialStore {
 public:
  CredentialStore(store::Database& database, std::string actor)
      : database_(database), actor_(std::move(actor)) {}

  /// Costs as much as a password: some milliseconds. Errors: kNotFound for a user who does not
  /// exist (or for whom it is to act), kDenied for one who is disabled, kInvalidInput, kLimit when
  /// the user has kMostCredentials live ones. A session takes the place of the user's oldest.
  Result<IssuedCredential> issue(const NewCredential& next);
  /// The same for who shows a token of an issuer, of which `token` is what that has signed. As long
  /// as the credential for it lives, it is that one, at each gateway and after each start; kDenied
  /// once it was revoked.
  Result<IssuedCredential> issue_for_token(const NewCredential& next, std::string_view token);
  /// The same for who holds a key pair: the client certificate with that key lets in, where it is
  /// shown in a TLS handshake, and there is no secret. `key_digest` is net::public_key_digest.
  /// `shown` is the id of the credential that it is got with: it is labelled so, and ends with
  /// that. Besides, kExists for a key that has been used before, kDenied where `shown` is over.
  Result<IssuedCredential> issue_for_key(NewCredential next, std::string_view key_digest,
                                         std::string_view shown);
  /// Its holder has proved anew who they are, and got `successor` for it (an id): from now on it is
  /// as strong as `assurance`, and ends with the successor, as do those that it succeeded itself.
  /// `secret` shows that they hold it. False, and nothing is changed, if it is not a live session
  /// of `user` that acts for nobody else.
  Result<bool> strengthen(const SecretString& secret, const std::string& user,
                          const Assurance& assurance, std::string_view successor);
  /// Ends it for good, with those that it has succeeded and the certificates that were got with any
  /// of them; sessions that these have opened end with them. Errors: kNotFound, also for one that
  /// is over.
  Result<> revoke(std::string_view id);
  /// All that a user still has; returns how many those were.
  Result<int64_t> revoke_of(std::string_view user);
  /// All sessions that a user has got by `issuer` (its identifier), with the certificates that were
  /// got with them; returns how many those were, and leaves no word if there was none.
  Result<int64_t> log_out(std::string_view user, std::string_view issuer, std::string_view why);
  /// The newest first, those that are over too; of one user, or of all.
  Result<std::vector<Credential>> list(const std::optional<std::string>& user = std::nullopt);
  /// When they were last used; nothing for the record, the logins are on it.
  Result<> used(const std::vector<std::pair<std::string, int64_t>>& when);

 private:
  Result<std::string> verifier_for(const std::string& user, const SecretString& secret);
  Result<> insert(const std::string& id, const NewCredential& next, const std::string& verifier,
                  const std::string& digest);
  Result<int64_t> end_predecessors(std::string_view user, std::string_view id, int64_t now);
  Result<std::string> oldest_session(const NewCredential& next, int64_t now);
  Result<> make_room(const NewCredential& next, int64_t now);
  store::Database& database_;
  std::string actor_;
};

/// The salt and iterations that all verifiers of a user share, as an empty verifier: those of the
/// password, or, where there is none, made from the installation's secret and the name, as for
/// somebody unknown.
struct ScramSalt {
  std::string salt;
  int iterations = 0;
};
ScramSalt scram_salt(std::string_view password_verifier, std::string_view secret,
                     std::string_view user);

/// Those of everybody that live, and those that have ended since `since_micros`.
Result<std::vector<Credential>> load_credentials(store::Database& database, int64_t since_micros);

/// Writes down that the time of these is over: they are good no more, whatever the clock says
/// later. That they were ended so is told by `Credential::revoked_micros` being `expires_micros`.
Result<> end_by_time(store::Database& database, const std::vector<std::string>& ids);

/// Ends what a user still has and by what others act for them, in the caller's transaction; with
/// `methods` not empty, only sessions of their own that were got by one of these. Returns how many
/// those were.
Result<int64_t> end_credentials(store::Database& database, std::string_view user,
                                const std::vector<std::string>& methods = {});

}  // namespace sluice::identity
