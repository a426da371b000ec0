#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "audit/log.h"
#include "config/config.h"
#include "control/http_server.h"
#include "gateway/gateway.h"
#include "identity/credential_store.h"
#include "store/database.h"

namespace sluice::control {

/// POST /v1/login: a password for a short-lived credential. How somebody proved who they are is up
/// to who calls `issue`; the password is one way.
class LoginApi {
 public:
  static Result<std::unique_ptr<LoginApi>> open(gateway::Gateway& gateway, audit::Log& log,
                                                std::shared_ptr<const config::Config> config);

  /// The configuration from now on.
  void set_config(std::shared_ptr<const config::Config> config);
  /// Nothing for requests that are not about logging in.
  std::optional<HttpResponse> answer(const HttpRequest& request);

 private:
  /// Who wants to log in, as they say.
  struct Claim {
    std::string user;
    std::string database;
    std::string peer;
    SecretString renews = {};  ///< a credential of before, whose sessions count this login too
  };
  LoginApi(gateway::Gateway& gateway, audit::Log& log, store::Database database, std::string secret,
           std::shared_ptr<const config::Config> config)
      : gateway_(gateway),
        log_(log),
        database_(std::move(database)),
        secret_(std::move(secret)),
        config_(std::move(config)) {}
  std::shared_ptr<const config::Config> config();
  HttpResponse by_password(const HttpRequest& request);
  HttpResponse refuse(const Claim& claim, const std::string& why, const HttpResponse& answer);
  /// Makes a credential for somebody who has proved who they are, and tells all that a client
  /// needs.
  HttpResponse certificate(const HttpRequest& request);
  void publish();
  HttpResponse issue(const Claim& claim, identity::Assurance assurance);

  gateway::Gateway& gateway_;
  audit::Log& log_;
  std::mutex working_;  ///< one login at a time: two servers ask, and the store is one thread's
  store::Database database_;
  std::string secret_;  ///< the installation's
  std::mutex mutex_;    ///< guards config_
  std::shared_ptr<const config::Config> config_;
};

}  // namespace sluice::control
