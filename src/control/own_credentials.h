#pragma once

#include <optional>

#include "control/http_server.h"
#include "gateway/gateway.h"
#include "store/state.h"

namespace sluice::control {

/// What somebody has got to be let in with, to look at and to end, without a role:
///
///   GET    /api/v1/session/credentials       those that live, the newest first
///   DELETE /api/v1/session/credentials/{id}  ends one, with what it has renewed
///
/// Who acts for somebody has those alone that act for them; a credential that is good for some
/// databases shows and ends those that are good for no others. Any thread.
class OwnCredentials {
 public:
  OwnCredentials(gateway::Gateway& gateway, store::Opener open_store)
      : gateway_(gateway), open_store_(std::move(open_store)) {}

  /// Nothing: not a path of this part. Who asks has been through the front door.
  std::optional<HttpResponse> answer(const HttpRequest& request);

 private:
  HttpResponse list(const HttpRequest& request);
  HttpResponse end(const HttpRequest& request, std::string_view id);

  gateway::Gateway& gateway_;
  store::Opener open_store_;
};

}  // namespace sluice::control
