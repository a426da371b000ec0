#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "identity/oidc_identity.h"
#include "identity/oidc_provider.h"

namespace sluice::identity {

/// A login that has begun; whoever began it proves that with the secret.
struct BegunLogin {
  std::string attempt;
  SecretString secret;
};

/// A login in a browser: it has to be sent to `url`, and brings back a code.
struct BrowserLogin {
  BegunLogin begun;
  std::string url;
};

/// A login on another device, where `user_code` has to be entered.
struct DeviceLogin {
  BegunLogin begun;
  std::string user_code, verification_uri, verification_uri_complete;
  Duration expires = Duration::zero();
  Duration interval = Duration::zero();
};

/// What the browser brought back (RFC 6749, section 4.1.2; RFC 9207).
struct BrowserAnswer {
  std::string code, state;
  std::optional<std::string> issuer;
};

/// Somebody who has logged in, and by which issuer.
struct FinishedLogin {
  VerifiedIdentity identity;
  const config::IssuerConfig* issuer = nullptr;
};

/// Logins by OpenID Connect under way. State, nonce and PKCE verifier stay here and are good once;
/// a login is forgotten after ten minutes. Whoever begins many and ends none makes their own
/// oldest give way, and nobody is told to come later. Any thread.
class OidcLogins {
 public:
  using Now = std::function<Clock::time_point()>;

  explicit OidcLogins(std::vector<std::unique_ptr<OidcProvider>> providers, Now now = Clock::now);

  /// The issuers by which people can log in.
  std::vector<const config::IssuerConfig*> issuers() const;
  /// By the name of its configuration; for an empty one, the only one. Errors: kNotFound.
  Result<OidcProvider*> provider(std::string_view name);
  /// By its identifier; null if there is none.
  OidcProvider* provider_of_issuer(std::string_view issuer);

  /// Errors of these: kNotFound, kInvalidInput, kUnavailable. `peer`: the address from where it is
  /// begun; empty where it tells nobody apart. `to_us`: the redirect is no word of a client's, but
  /// the gateway's own address.
  Result<BrowserLogin> start_browser(std::string_view issuer, const std::string& redirect_uri,
                                     const std::string& peer, bool to_us = false);
  Result<DeviceLogin> start_device(std::string_view issuer, const std::string& peer);
  /// Errors of these: kAuthentication, and the attempt is over.
  Result<FinishedLogin> finish_browser(const BegunLogin& begun, const BrowserAnswer& answer);
  /// Nothing while nobody has entered the code yet; asks the issuer no more often than it allows.
  Result<std::optional<FinishedLogin>> poll_device(const BegunLogin& begun);

 private:
  struct Attempt {
    OidcProvider* provider = nullptr;
    std::string secret_digest, peer;
    Clock::time_point begun, over;
    // In a browser:
    std::string redirect_uri;
    SecretString state, nonce, verifier;
    // On a device:
    SecretString device_code;
    Duration interval = Duration::zero();
    Clock::time_point next_poll;
  };

  BegunLogin keep(Attempt attempt);
  void make_room(const std::string& peer);
  Result<Attempt> take(const BegunLogin& begun, bool device);
  void put_back(const BegunLogin& begun, Attempt attempt);
  Result<FinishedLogin> finish(OidcProvider& provider, const TokenAnswer& tokens,
                               std::optional<std::string> nonce);

  std::vector<std::unique_ptr<OidcProvider>> providers_;
  const Now now_;
  std::mutex mutex_;
  std::map<std::string, Attempt, std::less<>> attempts_;
};

/// Whether a login may end at `url`, as the issuer's `redirect` allows: on any port where that has
/// none (RFC 8252, section 7.3).
bool allowed_redirect(std::string_view url, std::string_view configured);

}  // namespace sluice::identity
