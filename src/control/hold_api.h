#pragma once

#include <optional>

#include "control/http_server.h"
#include "store/state.h"

namespace sluice::control {

/// Legal holds: records that nobody and no rule may erase (docs/audit.md).
///
///   GET    /api/v1/audit/holds         by name
///   POST   /api/v1/audit/holds         {name, query, reason}
///   DELETE /api/v1/audit/holds/NAME    {reason}: lets go of one
///
/// Each change is on the record. Any thread; waits for the store.
class HoldApi {
 public:
  explicit HoldApi(store::Opener open_store) : open_store_(std::move(open_store)) {}

  /// Nothing: not a path of this part.
  std::optional<HttpResponse> answer(const HttpRequest& request);

 private:
  HttpResponse list();
  HttpResponse add(const HttpRequest& request);
  HttpResponse release(const HttpRequest& request, const std::string& name);

  const store::Opener open_store_;
};

}  // namespace sluice::control
