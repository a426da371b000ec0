#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "identity/credential_store.h"

namespace sluice::identity {

/// What a token can be allowed to do at the HTTP API.
std::span<const std::string_view> token_scopes();

/// How long a token may live: whoever still needs it makes a new one.
inline constexpr std::chrono::days kLongestToken{366};

/// Whether a token may be made so. kInvalidInput names what may be.
Result<> check_token(const std::vector<std::string>& scopes, Duration lifetime);

/// What somebody wants of a token.
struct TokenWish {
  std::string user;  ///< whose it is
  Duration lifetime = Duration::zero();
  std::string label;
  std::vector<std::string> scopes, databases;  ///< none of the latter: all
  std::string acts_for;                        ///< a person; empty: for itself
};

/// The token that is to be issued for that, from now on. Errors: as of check_token.
Result<NewCredential> new_token(const TokenWish& wish);

}  // namespace sluice::identity
