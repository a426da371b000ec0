#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "access/keeper.h"
#include "approval/desk.h"
#include "change/changes.h"
#include "control/front_door.h"
#include "control/http_server.h"
#include "control/status_api.h"
#include "gateway/gateway.h"

namespace sluice::control {

/// What the console shows first, and how the gateway is set up:
///
///   GET /api/v1/overview    totals since the start, who is connected, what waits, what is wrong;
///                           to members only what waits for them
///   GET /api/v1/settings    the configuration in force
///
/// Any thread.
class OverviewApi {
 public:
  /// What is behind references outlives this.
  struct Sources {
    gateway::Gateway& gateway;
    audit::Log& log;
    StatusApi& status;
    FrontDoor& door;  ///< who knows the configuration
    approval::Desk& desk;
    change::Changes& changes;
    access::Keeper& keeper;
    std::filesystem::path audit_directory;
  };
  explicit OverviewApi(Sources sources) : from_(std::move(sources)) {}

  /// Nothing: not a path of this part.
  std::optional<HttpResponse> answer(const HttpRequest& request);

 private:
  HttpResponse overview(const HttpRequest& request);
  HttpResponse settings();
  boost::json::object waiting(const HttpRequest& request);
  boost::json::array drift();

  Sources from_;
};

}  // namespace sluice::control
