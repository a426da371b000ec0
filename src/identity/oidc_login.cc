#include "identity/oidc_login.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/random.h"

namespace sluice::identity {
namespace {

constexpr auto kAttemptLife = std::chrono::minutes(10);
constexpr size_t kMostAttempts = 10'000;
constexpr size_t kMostOfPeer = 50;
constexpr size_t kLongestCode = 4096;
constexpr auto kSlower = std::chrono::seconds(5);  // RFC 8628, section 3.5

SecretString make_secret() { return SecretString(to_base64url(random_string(32))); }

std::string digest_of(std::string_view secret) { return sha2(256, secret); }

tl::unexpected<Error> over() {
  return fail(ErrorCode::kAuthentication,
              "this login is over, or was never begun; begin again: sluice login");
}

std::string without_port(std::string_view url) {
  const size_t authority = url.find("://") + 3;
  const size_t end = std::min(url.find('/', authority), url.size());
  const size_t colon = url.substr(0, end).rfind(':');
  const bool port = colon != std::string_view::npos && colon > authority &&
                    url.find(']', colon) == std::string_view::npos;
  std::string out(url.substr(0, port ? colon : end));
  return out.append(url.substr(end));
}

}  // namespace

bool allowed_redirect(std::string_view url, std::string_view configured) {
  if (url == configured) return true;
  return config::is_loopback_http(url) && without_port(configured) == configured &&
         without_port(url) == configured;
}

OidcLogins::OidcLogins(std::vector<std::unique_ptr<OidcProvider>> providers, Now now)
    : providers_(std::move(providers)), now_(std::move(now)) {}

std::vector<const config::IssuerConfig*> OidcLogins::issuers() const {
  std::vector<const config::IssuerConfig*> all;
  for (const auto& provider : providers_) {
    if (!provider->config().client_id.empty()) all.push_back(&provider->config());
  }
  return all;
}

Result<OidcProvider*> OidcLogins::provider(std::string_view name) {
  std::vector<OidcProvider*> found;
  std::vector<std::string> names;
  for (const auto& provider : providers_) {
    if (provider->config().client_id.empty()) continue;
    names.push_back(provider->config().name);
    if (name.empty() || name == names.back()) found.push_back(provider.get());
  }
  if (found.size() == 1) return found.front();
  if (names.empty()) {
    return fail(ErrorCode::kNotFound,
                "people log in here with a password: no identity provider is configured "
                "(identity.issuers)");
  }
  return fail(ErrorCode::kNotFound,
              fmt::format("say by which issuer, with --issuer: {}", fmt::join(names, ", ")));
}

OidcProvider* OidcLogins::provider_of_issuer(std::string_view issuer) {
  for (const auto& provider : providers_) {
    if (provider->config().issuer == issuer) return provider.get();
  }
  return nullptr;
}

void OidcLogins::make_room(const std::string& peer) {
  std::erase_if(attempts_, [now = now_()](const auto& entry) { return entry.second.over <= now; });
  size_t theirs = 0;
  auto oldest = attempts_.end(), their_oldest = attempts_.end();
  for (auto at = attempts_.begin(); at != attempts_.end(); ++at) {
    const auto older_than = [&](const auto& other) {
      return other == attempts_.end() || at->second.begun < other->second.begun;
    };
    if (older_than(oldest)) oldest = at;
    if (peer.empty() || at->second.peer != peer) continue;
    ++theirs;
    if (older_than(their_oldest)) their_oldest = at;
  }
  if (theirs >= kMostOfPeer) {
    attempts_.erase(their_oldest);
  } else if (attempts_.size() >= kMostAttempts) {
    attempts_.erase(oldest);
  }
}

BegunLogin OidcLogins::keep(Attempt attempt) {
  const std::lock_guard lock(mutex_);
  make_room(attempt.peer);
  attempt.begun = now_();
  BegunLogin begun{to_base64url(random_string(16)), make_secret()};
  attempt.secret_digest = digest_of(begun.secret.reveal());
  attempts_.emplace(begun.attempt, std::move(attempt));
  return begun;
}

Result<OidcLogins::Attempt> OidcLogins::take(const BegunLogin& begun, bool device) {
  const std::lock_guard lock(mutex_);
  const auto found = attempts_.find(begun.attempt);
  if (found == attempts_.end() || found->second.device_code.empty() == device ||
      !equal_constant_time(found->second.secret_digest, digest_of(begun.secret.reveal())))
    return over();
  Attempt attempt = std::move(found->second);
  attempts_.erase(found);
  if (attempt.over <= now_()) return over();
  return attempt;
}

void OidcLogins::put_back(const BegunLogin& begun, Attempt attempt) {
  const std::lock_guard lock(mutex_);
  attempts_.emplace(begun.attempt, std::move(attempt));
}

Result<BrowserLogin> OidcLogins::start_browser(std::string_view issuer,
                                               const std::string& redirect_uri,
                                               const std::string& peer, bool to_us) {
  SLUICE_ASSIGN(OidcProvider* const provider, this->provider(issuer));
  const auto& config = provider->config();
  if (!to_us && !allowed_redirect(redirect_uri, config.redirect)) {
    return fail(ErrorCode::kInvalidInput,
                fmt::format("logins by {} end at {} on the machine of the browser, and nowhere "
                            "else",
                            config.name, config.redirect));
  }
  SLUICE_ASSIGN(const auto metadata, provider->metadata());
  if (metadata.authorization_endpoint.empty() || metadata.token_endpoint.empty()) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("the issuer {} lets nobody log in with a browser", config.name));
  }
  Attempt attempt;
  attempt.provider = provider;
  attempt.peer = peer;
  attempt.over = now_() + kAttemptLife;
  attempt.redirect_uri = redirect_uri;
  attempt.state = make_secret();
  attempt.nonce = make_secret();
  attempt.verifier = make_secret();
  std::map<std::string, std::string> query = {
      {"response_type", "code"},
      {"client_id", config.client_id},
      {"redirect_uri", redirect_uri},
      {"scope", fmt::format("{}", fmt::join(config.scopes, " "))},
      {"state", std::string(attempt.state.reveal())},
      {"nonce", std::string(attempt.nonce.reveal())},
      {"code_challenge", to_base64url(sha2(256, attempt.verifier.reveal()))},
      {"code_challenge_method", "S256"}};
  if (!config.acr_values.empty()) query["acr_values"] = config.acr_values;
  auto begun = keep(std::move(attempt));
  const auto& endpoint = metadata.authorization_endpoint;
  return BrowserLogin{
      std::move(begun),
      endpoint + (endpoint.find('?') == std::string::npos ? "?" : "&") + encode_form(query)};
}

Result<DeviceLogin> OidcLogins::start_device(std::string_view issuer, const std::string& peer) {
  SLUICE_ASSIGN(OidcProvider* const provider, this->provider(issuer));
  if (!provider->config().device) {
    return fail(ErrorCode::kDenied,
                fmt::format("logins by {} need a browser on the same machine: log in without "
                            "--device, or ask your operator for identity.issuers.device",
                            provider->config().name));
  }
  SLUICE_ASSIGN(auto answer, provider->start_device());
  Attempt attempt;
  attempt.provider = provider;
  attempt.peer = peer;
  attempt.over = now_() + answer.expires;
  attempt.device_code = std::move(answer.device_code);
  attempt.interval = answer.interval;
  attempt.next_poll = now_();
  auto begun = keep(std::move(attempt));
  return DeviceLogin{std::move(begun),
                     std::move(answer.user_code),
                     std::move(answer.verification_uri),
                     std::move(answer.verification_uri_complete),
                     answer.expires,
                     answer.interval};
}

Result<FinishedLogin> OidcLogins::finish_browser(const BegunLogin& begun,
                                                 const BrowserAnswer& answer) {
  SLUICE_ASSIGN(const auto attempt, take(begun, false));
  const auto& config = attempt.provider->config();
  if (!equal_constant_time(answer.state, attempt.state.reveal())) {
    return fail(ErrorCode::kAuthentication,
                "the browser came back from another login (state); begin again: sluice login");
  }
  if (answer.issuer && *answer.issuer != config.issuer) {
    return fail(ErrorCode::kAuthentication,
                "the browser came back from another issuer (iss); begin again: sluice login");
  }
  if (answer.code.empty() || answer.code.size() > kLongestCode)
    return fail(ErrorCode::kAuthentication, "the browser brought no code; log in again");
  SLUICE_ASSIGN(const auto tokens,
                attempt.provider->redeem(answer.code, attempt.verifier, attempt.redirect_uri));
  return finish(*attempt.provider, tokens, std::string(attempt.nonce.reveal()));
}

Result<std::optional<FinishedLogin>> OidcLogins::poll_device(const BegunLogin& begun) {
  SLUICE_ASSIGN(auto attempt, take(begun, true));
  if (now_() < attempt.next_poll) {
    put_back(begun, std::move(attempt));
    return std::nullopt;
  }
  SLUICE_ASSIGN(const auto poll, attempt.provider->poll_device(attempt.device_code));
  if (poll.state != DevicePoll::State::kDone) {
    if (poll.state == DevicePoll::State::kSlowDown) attempt.interval += kSlower;
    attempt.next_poll = now_() + attempt.interval;
    put_back(begun, std::move(attempt));
    return std::nullopt;
  }
  // There is no nonce in this flow: the device code binds the token to the attempt.
  SLUICE_ASSIGN(auto finished, finish(*attempt.provider, poll.tokens, std::nullopt));
  return finished;
}

Result<FinishedLogin> OidcLogins::finish(OidcProvider& provider, const TokenAnswer& tokens,
                                         std::optional<std::string> nonce) {
  const auto& config = provider.config();
  TokenExpectations expected;
  expected.use = TokenUse::kIdToken;
  expected.audiences = {config.client_id};
  expected.client_id = config.client_id;
  expected.nonce = std::move(nonce);
  expected.access_token = std::string(tokens.access_token.reveal());
  const int64_t now = wall_micros();
  SLUICE_ASSIGN(const auto claims,
                provider.verify(tokens.id_token.reveal(), std::move(expected), now / 1'000'000));
  std::optional<boost::json::object> userinfo;
  if (!config.groups_claim.empty() && config.groups_from_userinfo) {
    SLUICE_ASSIGN(userinfo, provider.userinfo(tokens.access_token));
  }
  SLUICE_ASSIGN(auto identity, identity_of(claims, userinfo ? &*userinfo : nullptr, config, now));
  return FinishedLogin{std::move(identity), &config};
}

}  // namespace sluice::identity
