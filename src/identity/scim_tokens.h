#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "identity/credential_store.h"
#include "store/database.h"

namespace sluice::identity {

/// What an identity provider shows to keep users and groups here. Its secret looks like those of
/// credentials (credential.h), but it is none: it lets nobody in, and no credential is taken in its
/// place.
struct ScimToken {
  std::string id;  ///< short, public
  std::string label;
  std::string author;
  int64_t created_micros = 0;
  int64_t expires_micros = 0;
  int64_t revoked_micros = 0;    ///< 0: it is not
  int64_t last_used_micros = 0;  ///< 0: never; may lag behind by a minute

  bool live(int64_t now_micros) const { return revoked_micros == 0 && now_micros < expires_micros; }
};

/// The tokens of an installation. Each change is one transaction together with the word it leaves
/// for the audit log; `actor` says who made it.
class ScimTokens {
 public:
  ScimTokens(store::Database& database, std::string actor)
      : database_(database), actor_(std::move(actor)) {}

  /// Errors: kInvalidInput; kLimit when there are 16 live ones.
  Result<IssuedCredential> create(const std::string& label, int64_t expires_micros);
  /// Counts from the next request on. Errors: kNotFound, also for one that is over.
  Result<> revoke(std::string_view id);
  /// The newest first, those that are over too.
  Result<std::vector<ScimToken>> list();
  /// The live one with that secret; notes that it is used.
  Result<std::optional<ScimToken>> find(std::string_view secret);

 private:
  store::Database& database_;
  std::string actor_;
};

}  // namespace sluice::identity
