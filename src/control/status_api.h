#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

#include "access/keeper.h"
#include "audit/log.h"
#include "audit/upkeep.h"
#include "config/config.h"
#include "control/database_checks.h"
#include "control/http_server.h"
#include "gateway/gateway.h"
#include "outside/tellers.h"
#include "stream/anchors.h"
#include "stream/streams.h"

namespace sluice::control {

/// How the gateway does, for load balancers, for monitoring and for people:
///
///   GET    /readyz, /metrics
///   GET    /api/v1/version, /api/v1/sessions, /api/v1/streams
///   DELETE /api/v1/sessions/N              ends one
///   POST   /api/v1/databases/NAME/check    can the gateway log in there?
///
/// What is set comes before anything is answered, and outlives this. Any thread.
class StatusApi {
 public:
  StatusApi(gateway::Gateway& gateway, audit::Log& log) : gateway_(gateway), log_(log) {}

  void set_config(std::shared_ptr<const config::Config> config);
  void set_keeper(access::Keeper& keeper) { keeper_ = &keeper; }
  void set_webhooks(const outside::Tellers& webhooks) { webhooks_ = &webhooks; }
  void watch(const stream::Streams& streams) { streams_ = &streams; }
  void watch(const stream::Anchors& anchors) { anchors_ = &anchors; }
  void watch(const audit::Upkeep& upkeep) { upkeep_ = &upkeep; }

  /// What keeps the gateway from its work, and what may do so soon; each by what it is about.
  struct Health {
    boost::json::object problems, warnings;
  };
  /// May take a moment: off the server's thread.
  Health health();
  /// Never makes the server's thread wait for a database.
  HttpResponse ready();
  std::string metrics();
  /// Nothing: not a path of this part.
  std::optional<HttpResponse> answer(const HttpRequest& request);

 private:
  std::vector<std::string> databases();
  HttpResponse sessions(const HttpRequest& request);
  HttpResponse kill(const HttpRequest& request, std::string_view id);
  HttpResponse check(const std::string& database);
  std::vector<stream::State> streams() const;

  gateway::Gateway& gateway_;
  audit::Log& log_;
  access::Keeper* keeper_ = nullptr;
  const outside::Tellers* webhooks_ = nullptr;
  const stream::Streams* streams_ = nullptr;
  const stream::Anchors* anchors_ = nullptr;
  const audit::Upkeep* upkeep_ = nullptr;
  std::mutex mutex_;  ///< guards config_
  std::shared_ptr<const config::Config> config_;
  DatabaseChecks checks_{[this](const auto& name) { return gateway_.check_database(name); }};
};

}  // namespace sluice::control
