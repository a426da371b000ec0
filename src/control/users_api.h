#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

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
///   POST   /api/v1/users/NAME/identities        {issuer, subject}: who they are there; the first
///   PUT    /api/v1/users/NAME/one-time-codes    demands them from now on; DELETE: no more
///   PUT    /api/v1/users/NAME/assertion-key     a service says for whom it acts; DELETE: no more
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
  HttpResponse link(const HttpRequest& request, const std::string& name);
  HttpResponse one_time_codes(const HttpRequest& request, const std::string& name);
  HttpResponse assertion_key(const HttpRequest& request, const std::string& name);
  HttpResponse revoke(const HttpRequest& request, const std::string& name, const std::string& id);
  /// What has been changed counts from now on; what came of it.
  HttpResponse told(store::Database& database, const std::string& name, int status = 200);
  /// The same, and a secret that is not shown again.
  HttpResponse told_once(store::Database& database, const std::string& name, std::string_view what,
                         std::string_view secret);

  gateway::Gateway& gateway_;
  store::Opener open_store_;
};

}  // namespace sluice::control
