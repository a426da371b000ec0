#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "control/http_server.h"

namespace sluice::control {

/// What a browser that has logged in keeps: the secret of a credential, where scripts cannot read
/// it (HttpOnly) and other sites cannot make it be sent (SameSite=Strict).
struct SessionCookie {
  std::string secret;
  bool made_for_it = false;  ///< the credential was issued for this login, and ends with it
};

/// The one that a request shows, if any. Over TLS its name is bound to this host (`__Host-`), so
/// that no neighbour can have set it.
std::optional<SessionCookie> session_cookie(const HttpRequest& request, bool behind_tls);
/// The Set-Cookie header that has a browser keep `cookie` for so long (seconds); 0: forget it.
std::string keep_session(const SessionCookie& cookie, int64_t seconds, bool secure);

/// The value of a cookie (RFC 6265); empty where there is none of that name, or more than one.
std::string_view cookie_of(const HttpRequest& request, std::string_view name);

/// What requests that change something show besides the cookie, in X-CSRF-Token: who can send the
/// cookie but not read answers cannot know it.
std::string csrf_token(std::string_view secret);

}  // namespace sluice::control
