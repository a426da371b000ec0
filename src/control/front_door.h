#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "config/config.h"
#include "control/http_server.h"
#include "control/request_limits.h"
#include "control/routes.h"
#include "gateway/gateway.h"

namespace sluice::control {

/// Before anything of the API looks at a request that came over the network: whether it is one that
/// can be asked (routes.h), who asks, and whether they may. Any thread.
class FrontDoor {
 public:
  explicit FrontDoor(gateway::Gateway& gateway) : gateway_(gateway) {}
  void set_config(std::shared_ptr<const config::Config> config);
  std::shared_ptr<const config::Config> config();

  /// The answer to a request that must not go on; nothing, and `request` says who asks. What a
  /// browser's cookie shows counts like a credential in Authorization, from where nothing but the
  /// gateway's own pages can have sent it.
  std::optional<HttpResponse> stop(HttpRequest& request);
  /// The answer that a request gets: after many from one address that nobody is known to have
  /// sent, only that these have to wait. Whoever is known never waits for them.
  HttpResponse slowed(const HttpRequest& request, HttpResponse answer);
  /// Whether a request that it has let in would be let in now: whoever is answered without an end
  /// may not be who they were.
  bool still_lets_in(const HttpRequest& request);

 private:
  std::optional<HttpResponse> take_cookie(HttpRequest& request);
  std::optional<HttpResponse> refuse_in_clear(const HttpRequest& request);
  std::optional<HttpResponse> identify(HttpRequest& request, const Route& route);
  std::optional<HttpResponse> too_many(const HttpRequest& request);
  std::optional<HttpResponse> wait_for(const std::string& whose);

  gateway::Gateway& gateway_;
  RequestLimits limits_;
  std::mutex mutex_;
  std::shared_ptr<const config::Config> config_ = std::make_shared<config::Config>();
};

}  // namespace sluice::control
