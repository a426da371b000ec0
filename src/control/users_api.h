#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "control/http_server.h"
#include "gateway/gateway.h"
#include "store/state.h"

namespace sluice::control {

/// Users and their credentials, as `sluice user` and `sluice token` keep them:
///
///   GET    /api/v1/users                        with their credentials, live ones
///   POST   /api/v1/users                        {name, kind, groups, attributes, password}
///   PATCH  /api/v1/users/NAME                   {kind, groups, attributes, disabled, password}
///   DELETE /api/v1/users/NAME
///   POST   /api/v1/users/NAME/tokens            {for, scopes, databases, acts_for, label}
///   DELETE /api/v1/users/NAME/credentials/ID
///
/// Changes count at once, and are on the record with who made them. Any thread.
class UsersApi {
 public:
  UsersApi(gateway::Gateway& gateway, store::Opener open_store)
      : gateway_(gateway), open_store_(std::move(open_store)) {}

  /// Nothing: not a path of this part.
  std::optional<HttpResponse> answer(const HttpRequest& request);

 private:
  HttpResponse list(const HttpRequest& request);
  HttpResponse add(const HttpRequest& request);
  HttpResponse change(const HttpRequest& request, const std::string& name);
  HttpResponse remove(const HttpRequest& request, const std::string& name);
  HttpResponse make_token(const HttpRequest& request, const std::string& name);
  HttpResponse revoke(const HttpRequest& request, const std::string& name, const std::string& id);
  /// What has been changed counts from now on; what came of it.
  HttpResponse told(store::Database& database, const std::string& name, int status = 200);

  gateway::Gateway& gateway_;
  store::Opener open_store_;
};

}  // namespace sluice::control
