#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace sluice::identity {

/// What a service says of the end user for whom it acts, signed with its key:
///
///   v1.NAME.EXPIRES.SESSION.MAC
///
/// NAME and MAC in base64url without padding (RFC 4648, section 5), EXPIRES in seconds since 1970,
/// SESSION empty or the process id that BackendKeyData told the client. MAC is HMAC-SHA-256 over
/// "sluice-end-user-v1", the service's user name, the end user's name, EXPIRES and SESSION, each
/// followed by a newline, except for the last.
struct EndUserAssertion {
  std::string end_user;
  int64_t expires_seconds = 0;
  std::string session;
};

/// No assertion may be good for longer than this.
inline constexpr int64_t kLongestAssertion = 300;
/// Bytes of an end user's name.
inline constexpr size_t kLongestEndUser = 100;

std::string sign_end_user(const EndUserAssertion& assertion, std::string_view service,
                          const SecretString& key);

/// The end user whom `service`, with this key, acts for in the session whose process id the client
/// knows as `session`. The error says what is wrong with the assertion.
Result<std::string> verify_end_user(std::string_view assertion, std::string_view service,
                                    const SecretString& key, std::string_view session,
                                    int64_t now_micros);

/// A key for `UserStore::make_assertion_key`: 32 random bytes, as text.
SecretString make_assertion_key();

}  // namespace sluice::identity
