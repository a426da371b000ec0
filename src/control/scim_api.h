#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "audit/log.h"
#include "config/config.h"
#include "control/http_server.h"
#include "gateway/gateway.h"
#include "identity/scim_tokens.h"
#include "store/database.h"

namespace sluice::control {

/// /scim/v2: an identity provider keeps users and groups here (RFC 7644), with a token that is good
/// for nothing else (`sluice scim token create`). What it may not see is not there.
class ScimApi {
 public:
  static Result<std::unique_ptr<ScimApi>> open(gateway::Gateway& gateway, audit::Log& log,
                                               std::shared_ptr<const config::Config> config);

  /// The configuration from now on.
  void set_config(std::shared_ptr<const config::Config> config);
  /// Nothing for paths that are not below /scim/.
  std::optional<HttpResponse> answer(const HttpRequest& request);

 private:
  ScimApi(gateway::Gateway& gateway, audit::Log& log, store::Database database,
          std::shared_ptr<const config::Config> config)
      : gateway_(gateway), log_(log), database_(std::move(database)), config_(std::move(config)) {}
  std::shared_ptr<const config::Config> config();
  /// From where it comes, as far as that tells anybody apart.
  std::string source_of(const HttpRequest& request);
  std::optional<HttpResponse> too_often(const HttpRequest& request);
  HttpResponse work(const HttpRequest& request, bool behind_tls);
  HttpResponse unknown_token(const HttpRequest& request);
  HttpResponse dispatch(const HttpRequest& request, const identity::ScimToken& token,
                        bool behind_tls);

  gateway::Gateway& gateway_;
  audit::Log& log_;
  std::mutex working_;  ///< one request at a time: the store is one thread's
  store::Database database_;
  std::mutex mutex_;  ///< guards config_
  std::shared_ptr<const config::Config> config_;
};

}  // namespace sluice::control
