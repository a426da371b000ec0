#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "base/clock.h"
#include "base/secret.h"
#include "config/identity.h"
#include "http/transport.h"
#include "identity/jwt.h"

namespace sluice::identity {

/// What an issuer's discovery document (OpenID Connect Discovery 1.0) says that is used here.
struct ProviderMetadata {
  std::string authorization_endpoint, token_endpoint, userinfo_endpoint, device_endpoint, jwks_uri;
  bool secret_in_body = false;  ///< it takes the client's secret in the body alone
};

/// Reads it; it must be of exactly this issuer and send nobody to an unprotected address.
Result<ProviderMetadata> parse_metadata(std::string_view text, const config::IssuerConfig& config);

/// What the token endpoint gave.
struct TokenAnswer {
  SecretString id_token;
  SecretString access_token;
};

/// What a device login begins with (RFC 8628, section 3.2).
struct DeviceAnswer {
  SecretString device_code;
  std::string user_code, verification_uri, verification_uri_complete;
  Duration expires = Duration::zero();
  Duration interval = std::chrono::seconds(5);
};

/// What asking for the tokens of a device login came to.
struct DevicePoll {
  enum class State : uint8_t { kDone, kPending, kSlowDown };
  State state = State::kPending;
  TokenAnswer tokens;  ///< kDone
};

/// One issuer, over HTTP: its documents are kept for a while, and its keys are asked for again when
/// a token names one that is not known, at most once in ten seconds. Any thread; one request at a
/// time.
class OidcProvider {
 public:
  using Now = std::function<Clock::time_point()>;

  OidcProvider(config::IssuerConfig config, std::unique_ptr<http::HttpClient> client,
               Now now = Clock::now)
      : config_(std::move(config)), client_(std::move(client)), now_(std::move(now)) {}

  /// Over libcurl, as the configuration says; `stopping` ends what is under way.
  static Result<std::unique_ptr<OidcProvider>> create(const config::IssuerConfig& config,
                                                      const std::atomic<bool>& stopping);

  const config::IssuerConfig& config() const { return config_; }
  Result<ProviderMetadata> metadata();
  /// `verify_token` with the issuer's keys; `expected` has what is of the one token.
  Result<Claims> verify(std::string_view token, TokenExpectations expected, int64_t now_seconds);

  /// Exchanges an authorization code (RFC 6749, section 4.1.3; RFC 7636).
  Result<TokenAnswer> redeem(const std::string& code, const SecretString& verifier,
                             const std::string& redirect_uri);
  Result<DeviceAnswer> start_device();
  Result<DevicePoll> poll_device(const SecretString& device_code);
  /// What the userinfo endpoint says of whom the access token is.
  Result<boost::json::object> userinfo(const SecretString& access_token);

 private:
  Result<ProviderMetadata> metadata_locked();
  Result<> fetch_keys();
  Result<boost::json::object> ask(const std::string& what, const Result<http::HttpAnswer>& answer);
  Result<http::HttpAnswer> post(const std::string& url, std::map<std::string, std::string> form);
  Error unusable(std::string_view what, const Error& error) const;

  const config::IssuerConfig config_;
  const std::unique_ptr<http::HttpClient> client_;
  const Now now_;
  std::mutex mutex_;
  std::optional<ProviderMetadata> metadata_;
  Clock::time_point metadata_from_;
  std::shared_ptr<const KeySet> keys_;
  Clock::time_point keys_from_, keys_asked_;
  bool asked_again_ = false;
};

/// application/x-www-form-urlencoded.
std::string encode_form(const std::map<std::string, std::string>& form);
/// One value of a form or query, where + is a blank; nothing for a malformed one.
std::optional<std::map<std::string, std::string>> decode_form(std::string_view text);

}  // namespace sluice::identity
