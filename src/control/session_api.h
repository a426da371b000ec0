#pragma once

#include <optional>
#include <string>

#include "control/http_server.h"
#include "control/login_api.h"
#include "control/oidc_api.h"
#include "control/own_credentials.h"
#include "gateway/gateway.h"
#include "store/state.h"

namespace sluice::control {

/// Browsers that log in: the credential of any other login, kept in a cookie that pages cannot
/// read.
///
///   POST   /api/v1/session                {user, password, totp, directory} or {credential}
///   GET    /api/v1/session                who is logged in, and may do what
///   DELETE /api/v1/session                logs out; the credential of a login ends
///                                         (not one that was lent to the browser, nor a token)
///   and what OwnCredentials answers
///   POST   /api/v1/session/oidc           {issuer}: where to send the browser
///   GET    /api/v1/session/oidc/callback  where the identity provider sends it back to
class SessionApi {
 public:
  /// `login` and `identity` outlive this.
  SessionApi(gateway::Gateway& gateway, std::shared_ptr<const config::Config> config,
             LoginApi& login, OidcApi& identity, store::Opener open_store)
      : gateway_(gateway),
        config_(std::move(config)),
        login_(login),
        identity_(identity),
        own_credentials_(gateway, open_store),
        open_store_(std::move(open_store)) {}

  void set_config(std::shared_ptr<const config::Config> config);
  /// Nothing: not a path of this part. What asks who is logged in has been through the front door.
  std::optional<HttpResponse> answer(const HttpRequest& request);

 private:
  HttpResponse log_in(const HttpRequest& request);
  HttpResponse begin(const HttpRequest& request);
  HttpResponse come_back(const HttpRequest& request);
  HttpResponse log_out(const HttpRequest& request);
  /// What a login's answer makes of the browser's: a cookie in place of the secret.
  HttpResponse taken_in(const HttpRequest& request, const HttpResponse& login);
  HttpResponse tell(const std::string& user, const std::string& credential,
                    const std::string& secret, bool made_for_it, bool secure);
  std::shared_ptr<const config::Config> config();
  bool secure(const HttpRequest& request);

  gateway::Gateway& gateway_;
  std::mutex mutex_;
  std::shared_ptr<const config::Config> config_;
  LoginApi& login_;
  OidcApi& identity_;
  OwnCredentials own_credentials_;
  store::Opener open_store_;
};

}  // namespace sluice::control
