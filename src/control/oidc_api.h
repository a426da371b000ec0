#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "audit/log.h"
#include "config/identity.h"
#include "control/http_server.h"
#include "identity/oidc_login.h"
#include "store/sqlite.h"

namespace sluice::control {

/// Logins by identity providers, and tokens of services in exchange for credentials.
class OidcApi {
 public:
  /// `issued` is called with each new credential, on the thread that answers: those who check
  /// credentials should know it before its holder does.
  static Result<std::unique_ptr<OidcApi>> open(const std::filesystem::path& state,
                                               const config::IdentityConfig& config,
                                               audit::Log& log,
                                               std::function<void(store::Database&)> issued);

  /// GET /v1/login/issuers, POST /v1/login/oidc, /v1/login/oidc/finish, /v1/login/device,
  /// /v1/login/device/poll, /v1/token.
  std::optional<HttpResponse> answer(const HttpRequest& request);
  /// Takes another configuration; logins under way have to begin again.
  Result<> reload(const config::IdentityConfig& config);
  /// Ends what is under way with issuers; nothing is answered any more.
  void stop() { stopping_ = true; }

 private:
  /// What one configuration has made; answers under way keep theirs.
  struct Setup {
    config::IdentityConfig config;
    std::unique_ptr<identity::OidcLogins> logins;
  };
  OidcApi(store::Database database, audit::Log& log, std::function<void(store::Database&)> issued)
      : database_(std::move(database)), log_(log), issued_(std::move(issued)) {}

  std::shared_ptr<Setup> setup();
  HttpResponse issuers(Setup& setup);
  HttpResponse start(Setup& setup, const HttpRequest& request, bool device);
  HttpResponse finish(Setup& setup, const HttpRequest& request);
  HttpResponse poll(Setup& setup, const HttpRequest& request);
  HttpResponse exchange(Setup& setup, const HttpRequest& request);
  HttpResponse logged_in(const identity::FinishedLogin& login, const HttpRequest& request);
  void record_failure(const Error& error, const HttpRequest& request);

  std::mutex mutex_;
  store::Database database_;
  audit::Log& log_;
  std::function<void(store::Database&)> issued_;
  std::atomic<bool> stopping_ = false;
  std::mutex setup_mutex_;
  std::shared_ptr<Setup> setup_;
};

}  // namespace sluice::control
