#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "audit/log.h"
#include "config/config.h"
#include "control/http_server.h"
#include "gateway/background.h"
#include "gateway/gateway.h"
#include "identity/credential_store.h"
#include "identity/logout_token.h"
#include "identity/oidc_login.h"
#include "identity/token_exchange.h"
#include "store/database.h"

namespace sluice::control {

/// Logins by identity providers, and tokens of services in exchange for credentials.
class OidcApi {
 public:
  static Result<std::unique_ptr<OidcApi>> open(gateway::Gateway& gateway, audit::Log& log,
                                               std::shared_ptr<const config::Config> config);

  /// GET /api/v1/login/issuers, POST /api/v1/login/oidc, /api/v1/login/oidc/finish,
  /// /api/v1/login/oidc/logout, /api/v1/login/device, /api/v1/login/device/poll, /api/v1/token.
  std::optional<HttpResponse> answer(const HttpRequest& request);
  /// Takes another configuration; logins under way have to begin again.
  Result<> set_config(std::shared_ptr<const config::Config> config);
  /// The credential that a token of an issuer stands for; the same for each time it is shown, until
  /// it ends. May take as long as the issuer does. Errors: kAuthentication, kDenied, kUnavailable.
  Result<identity::IssuedCredential> bearer(const SecretString& token, const std::string& peer);
  /// Begins a login that ends at this gateway itself, at `redirect_uri`. May take as long as the
  /// issuer does.
  Result<identity::BrowserLogin> begin_here(const std::string& issuer,
                                            const std::string& redirect_uri,
                                            const std::string& peer);
  /// Ends what is under way with issuers; nothing is answered any more.
  void stop();
  ~OidcApi() { stop(); }
  OidcApi(const OidcApi&) = delete;
  OidcApi& operator=(const OidcApi&) = delete;

 private:
  /// What one configuration has made; answers under way keep theirs.
  struct Setup {
    std::shared_ptr<const config::Config> config;
    std::unique_ptr<identity::OidcLogins> logins;
  };
  OidcApi(store::Database database, gateway::Gateway& gateway, audit::Log& log)
      : database_(std::move(database)), gateway_(gateway), log_(log) {}

  std::shared_ptr<Setup> setup();
  std::optional<identity::IssuedCredential> known_token(const std::string& whole);
  std::optional<HttpResponse> too_often(Setup& setup, const HttpRequest& request);
  HttpResponse issuers(Setup& setup);
  HttpResponse start(Setup& setup, const HttpRequest& request, bool device);
  HttpResponse finish(Setup& setup, const HttpRequest& request);
  HttpResponse poll(Setup& setup, const HttpRequest& request);
  HttpResponse log_out(Setup& setup, const HttpRequest& request);
  HttpResponse exchange(Setup& setup, const HttpRequest& request);
  HttpResponse logged_in(Setup& setup, const identity::FinishedLogin& login,
                         const HttpRequest& request);
  Result<> end_sessions(const identity::LoggedOut& event);
  void publish();
  void record_failure(const Error& error, const HttpRequest& request);

  std::mutex mutex_;
  store::Database database_;
  gateway::Gateway& gateway_;
  audit::Log& log_;
  std::atomic<bool> stopping_ = false;
  std::map<std::string, identity::IssuedCredential>
      known_tokens_;  ///< by the SHA-256 of all of the token: it was verified with this signature
  identity::LogoutTokens logouts_;
  std::atomic<int> tokens_waiting_ = 0;
  gateway::Background tokens_;  ///< where tokens that connections show are verified
  std::mutex setup_mutex_;
  std::shared_ptr<Setup> setup_;
};

}  // namespace sluice::control
