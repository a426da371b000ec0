#include "identity/logout_token.h"

#include <utility>

#include <fmt/format.h>

namespace sluice::identity {
namespace {

constexpr std::string_view kEvent = "http://schemas.openid.net/event/backchannel-logout";
constexpr size_t kLongestId = 255;

tl::unexpected<Error> refuse(std::string_view text) {
  return fail(ErrorCode::kAuthentication, std::string(text));
}

}  // namespace

Result<LoggedOut> logged_out(const Claims& claims, const config::IssuerConfig& issuer,
                             int64_t now_seconds) {
  const auto* events = claims.all.if_contains("events");
  const auto* event =
      events != nullptr && events->is_object() ? events->get_object().if_contains(kEvent) : nullptr;
  if (event == nullptr || !event->is_object())
    return refuse("the token tells of no logout (events)");
  if (claims.all.contains("nonce"))
    return refuse("the token is of a login, not of a logout (nonce)");
  const auto id = claims.text("jti");
  if (!id || id->empty() || id->size() > kLongestId)
    return refuse("the token has no name that tells it from others (jti)");
  const int64_t skew = std::chrono::duration_cast<std::chrono::seconds>(issuer.clock_skew).count();
  const int64_t made = claims.time("iat").value_or(0);
  const int64_t last = made + kLogoutTokenSeconds + skew;
  if (now_seconds > last) {
    return refuse(fmt::format(
        "the token was made {} seconds ago, and tells of a logout too late; check the issuer's "
        "clock and this machine's",
        now_seconds - made));
  }
  return LoggedOut{issuer.issuer, issuer.name, claims.subject, *id, last};
}

Result<LoggedOut> LogoutTokens::verify(OidcLogins& logins, const std::string& token,
                                       int64_t now_seconds) {
  SLUICE_ASSIGN(const auto issuer, claimed_issuer(token));
  OidcProvider* provider = logins.provider_of_issuer(issuer);
  if (provider == nullptr || provider->config().client_id.empty())
    return refuse("nobody logs in here by the token's issuer (iss)");
  TokenExpectations expected;
  expected.use = TokenUse::kLogout;
  expected.audiences = {provider->config().client_id};
  SLUICE_ASSIGN(const auto claims, provider->verify(token, std::move(expected), now_seconds));
  return logged_out(claims, provider->config(), now_seconds);
}

bool LogoutTokens::was_done(const LoggedOut& event, int64_t now_seconds) {
  const std::lock_guard lock(mutex_);
  std::erase_if(done_, [&](const auto& entry) { return entry.second < now_seconds; });
  return done_.contains({event.issuer, event.token_id});
}

void LogoutTokens::done(const LoggedOut& event) {
  const std::lock_guard lock(mutex_);
  done_.insert_or_assign({event.issuer, event.token_id}, event.forget_seconds);
}

}  // namespace sluice::identity
