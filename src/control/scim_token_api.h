#pragma once

#include <optional>

#include "control/http_server.h"
#include "store/state.h"

namespace sluice::control {

/// What identity providers show to keep users and groups here (docs/identity.md), and whom they
/// take over:
///
///   GET    /api/v1/scim/tokens       the newest first, those that are over too
///   POST   /api/v1/scim/tokens       {for, label}: the secret is told once
///   DELETE /api/v1/scim/tokens/ID    it lets nobody in from the next request on
///   POST   /api/v1/scim/adopt        {user}: a user who was made here
///
/// Any thread; waits for the store.
class ScimTokenApi {
 public:
  explicit ScimTokenApi(store::Opener open_store) : open_store_(std::move(open_store)) {}

  /// Nothing: not a path of this part.
  std::optional<HttpResponse> answer(const HttpRequest& request);

 private:
  HttpResponse list();
  HttpResponse create(const HttpRequest& request);
  HttpResponse revoke(const HttpRequest& request, std::string_view id);
  HttpResponse adopt(const HttpRequest& request);

  const store::Opener open_store_;
};

}  // namespace sluice::control
