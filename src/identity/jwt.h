#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

#include "base/clock.h"
#include "base/result.h"
#include "identity/jose.h"

namespace sluice::identity {

/// What a token is taken for, which says what its header may call it: one kind must not pass for
/// another (RFC 8725, section 3.11).
enum class TokenUse : uint8_t {
  kIdToken,   ///< of OpenID Connect: typ JWT or none
  kWorkload,  ///< of a service: typ JWT, at+jwt (RFC 9068) or none
  kLogout,    ///< that somebody has logged out at the issuer: typ JWT, logout+jwt or none
};

/// What a token must be to be taken.
struct TokenExpectations {
  TokenUse use = TokenUse::kIdToken;
  std::string issuer;                   ///< exact
  std::vector<std::string> audiences;   ///< one of these must be named; none: no token is taken
  std::string client_id;                ///< what azp must be, where there is one; "": not asked
  std::vector<std::string> algorithms;  ///< of the header; what is not here is not tried
  std::optional<std::string> nonce;     ///< what the claim must be
  std::string access_token;             ///< what at_hash, where there is one, must be of
  Duration skew = std::chrono::seconds(60);  ///< by how much clocks may differ
};

/// What a verified token says.
struct Claims {
  std::string subject;
  int64_t expires_seconds = 0;
  boost::json::object all;

  /// The text of a claim; nothing if it is absent or something else.
  std::optional<std::string> text(std::string_view name) const;
  /// A list of texts, or one text as a list of one; nothing if it is anything else.
  std::optional<std::vector<std::string>> list(std::string_view name) const;
  /// A point in time, in seconds since 1970.
  std::optional<int64_t> time(std::string_view name) const;
};

/// Verifies a signed token. Pure: the same is answered to the same, whatever the clock.
/// Errors: kNotFound when no key has the token's name, which newer keys may change; kAuthentication
/// for everything else, with what is wrong and what to check. Nothing of a token whose signature is
/// not good is in the text.
Result<Claims> verify_token(std::string_view token, const KeySet& keys,
                            const TokenExpectations& expected, int64_t now_seconds);

/// What an unverified token says of its issuer, to find those keys that verify it.
Result<std::string> claimed_issuer(std::string_view token);

}  // namespace sluice::identity
