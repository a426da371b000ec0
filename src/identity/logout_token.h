#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "identity/oidc_login.h"

namespace sluice::identity {

/// Somebody who has logged out at an issuer, or whom it has logged out.
struct LoggedOut {
  std::string issuer;       ///< its identifier
  std::string issuer_name;  ///< in the configuration
  std::string subject;      ///< who they are there
  std::string token_id;     ///< unique for each event of the issuer
  int64_t forget_seconds = 0;
};

/// By how much a logout token may be late: it is sent once, at once.
inline constexpr int64_t kLogoutTokenSeconds = 600;

/// What a verified token says, if it is a logout token (OpenID Connect Back-Channel Logout 1.0,
/// section 2.4). Pure. Errors: kAuthentication, with what to change at the issuer.
Result<LoggedOut> logged_out(const Claims& claims, const config::IssuerConfig& issuer,
                             int64_t now_seconds);

/// Logout tokens that issuers send, each of which counts once. Any thread.
class LogoutTokens {
 public:
  /// Verifies one by its issuer's keys, for which the issuer may be asked. Errors: kAuthentication
  /// for what is no logout token of an issuer by which people log in; kUnavailable.
  Result<LoggedOut> verify(OidcLogins& logins, const std::string& token, int64_t now_seconds);
  /// Whether it was done before. Those that are too late to be taken again are forgotten.
  bool was_done(const LoggedOut& event, int64_t now_seconds);
  /// It has been done, and need not be again.
  void done(const LoggedOut& event);

 private:
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, int64_t> done_;  ///< issuer, id: when to forget it
};

}  // namespace sluice::identity
