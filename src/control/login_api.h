#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "audit/log.h"
#include "config/config.h"
#include "control/http_server.h"
#include "gateway/gateway.h"
#include "identity/credential_store.h"
#include "identity/ldap_directory.h"
#include "store/database.h"

namespace sluice::control {

/// POST /api/v1/login: a password for a short-lived credential. The password is one that this
/// installation knows, or one that a directory (LDAP) does.
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
    SecretString renews = {};    ///< a credential of before, whose sessions count this login too
    std::string directory = {};  ///< the one to ask; empty: the gateway knows
    std::string code = {};       ///< one-time code
  };
  /// What one configuration has made; logins under way keep theirs.
  struct Setup {
    std::shared_ptr<const config::Config> config;
    std::vector<std::unique_ptr<identity::LdapDirectory>> directories;
  };
  static std::shared_ptr<Setup> make_setup(std::shared_ptr<const config::Config> config);
  LoginApi(gateway::Gateway& gateway, audit::Log& log, store::Database database, std::string secret,
           std::shared_ptr<Setup> setup)
      : gateway_(gateway),
        log_(log),
        database_(std::move(database)),
        secret_(std::move(secret)),
        setup_(std::move(setup)) {}
  std::shared_ptr<Setup> setup();
  HttpResponse by_password(const HttpRequest& request);
  /// The answer for who has failed too often; nothing for others.
  std::string source_of(const Claim& claim);
  std::optional<HttpResponse> too_often(const Claim& claim, const std::string& counted);
  /// What `user` has to show besides; the answer if they do not.
  std::optional<HttpResponse> second_factor(const Claim& claim, const std::string& counted,
                                            const identity::User& user,
                                            identity::Assurance& assurance);
  HttpResponse wrong(const Claim& claim, const std::string& counted, const std::string& why);
  /// Waits for the directory; on a thread that may.
  HttpResponse by_directory(Setup& setup, Claim claim, const SecretString& password);
  HttpResponse admit(const Claim& claim, const std::string& counted,
                     const config::LdapConfig& directory,
                     const identity::VerifiedIdentity& identity);
  HttpResponse refuse(const Claim& claim, const std::string& why, const HttpResponse& answer);
  /// Makes a credential for somebody who has proved who they are, and tells all that a client
  /// needs.
  HttpResponse certificate(const HttpRequest& request);
  void publish();
  /// Takes over what was changed in the store since it was looked at from here.
  void look_again();
  HttpResponse issue(const Claim& claim, identity::Assurance assurance, Duration lifetime);

  gateway::Gateway& gateway_;
  audit::Log& log_;
  std::mutex working_;  ///< one login at a time: two servers ask, and the store is one thread's
  store::Database database_;
  std::optional<int64_t> looked_at_;  ///< data_version() when the directory was read; by working_
  std::string secret_;                ///< the installation's
  std::mutex mutex_;                  ///< guards setup_
  std::shared_ptr<Setup> setup_;
};

}  // namespace sluice::control
