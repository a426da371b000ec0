#pragma once

#include <functional>

#include "control/http_server.h"
#include "control/problem.h"

namespace sluice::control {

/// Who may send a large body: asked of the header alone, on the server's thread.
using LargeBodies = std::function<bool(const HttpRequest&)>;

/// Without this, everybody may. Before the server listens.
void admit_large(HttpServer& server, LargeBodies may);

/// What the others are told.
inline HttpResponse large_needs_credential() {
  auto refused = problem(401, "who asks is not known",
                         "Large requests are read from those who show a credential.");
  refused.headers["WWW-Authenticate"] = "Bearer";
  return refused;
}

}  // namespace sluice::control
