#include "control/session_cookie.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/hash.h"

namespace sluice::control {
namespace {

constexpr std::string_view kName = "sluice", kHostName = "__Host-sluice";
constexpr char kOwn = '1', kLent = '0';

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

std::string_view cookie_of(const HttpRequest& request, std::string_view name) {
  std::string_view rest = request.header("cookie"), found;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find_first_of(";,"), rest.size());
    const std::string_view pair = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(rest.size(), end + 1));
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
    if (!found.empty()) return {};
    found = pair.substr(equals + 1);
  }
  return found;
}

std::optional<SessionCookie> session_cookie(const HttpRequest& request, bool behind_tls) {
  const auto value = cookie_of(request, request.tls || behind_tls ? kHostName : kName);
  if (value.size() < 2 || (value[0] != kOwn && value[0] != kLent)) return std::nullopt;
  return SessionCookie{std::string(value.substr(1)), value[0] == kOwn};
}

std::string keep_session(const SessionCookie& cookie, int64_t seconds, bool secure) {
  return fmt::format("{}={}{}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{}",
                     secure ? kHostName : kName, cookie.made_for_it ? kOwn : kLent,
                     seconds > 0 ? cookie.secret : "", seconds, secure ? "; Secure" : "");
}

std::string csrf_token(std::string_view secret) {
  const auto digest = sha256("CSRF token of a session\n" + std::string(secret));
  return to_hex({digest.data(), digest.size()});
}

}  // namespace sluice::control
