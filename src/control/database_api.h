#pragma once

#include <optional>
#include <string>

#include "control/http_server.h"
#include "gateway/database_keeper.h"
#include "gateway/database_trial.h"
#include "gateway/gateway.h"

namespace sluice::control {

/// The databases behind the gateway, and admins' adding some while it runs:
///
///   GET    /api/v1/databases        those that the caller's credential is good for
///   POST   /api/v1/databases        {name, environment, url, user, password, authority, masking,
///                                    stamp_writes, pool_size, check_only}
///   PUT    /api/v1/databases/NAME   the same of one that was added; without a password, the kept
///                                   one counts
///   DELETE /api/v1/databases/NAME   of one that was added
///
/// Nothing is kept before the gateway could log in there; who has tried what is on the record. No
/// answer has a password. Any thread.
class DatabaseApi {
 public:
  DatabaseApi(gateway::Gateway& gateway, gateway::DatabaseKeeper& keeper)
      : gateway_(gateway), keeper_(keeper) {}

  /// Nothing: not a path of this part.
  std::optional<HttpResponse> answer(const HttpRequest& request);

 private:
  HttpResponse list(const HttpRequest& request);
  /// Adds (`name` empty) or changes one.
  HttpResponse keep(const HttpRequest& request, const std::string& name);
  HttpResponse keep_prepared(gateway::PreparedDatabase prepared, bool check_only);
  HttpResponse remove(const HttpRequest& request, const std::string& name);
  HttpResponse did_not_work(const gateway::PreparedDatabase& prepared, const gateway::Trial& trial);

  gateway::Gateway& gateway_;
  gateway::DatabaseKeeper& keeper_;
};

}  // namespace sluice::control
