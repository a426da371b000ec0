#pragma once

#include <optional>

#include "control/http_server.h"
#include "gateway/correction_keeper.h"
#include "gateway/gateway.h"

namespace sluice::control {

/// What columns hold, over HTTP, for whoever may open the state folder:
///
///   POST /api/v1/data/list     {database, class, all, limit}: columns of one database, or of all
///                          without a name; those found to be sensitive or corrected, unless `all`
///   POST /api/v1/data/explain  {database, schema, table, column}: a table's columns or one, with
///   all
///                          evidence
///   PUT  /api/v1/data/column   {database, schema, table, column, class, author, comment}: says
///   what a
///                          column holds; in force at once
///   GET  /api/v1/data/history  all such words, the newest first
class DataApi {
 public:
  DataApi(gateway::Gateway& gateway, gateway::CorrectionKeeper& corrections)
      : gateway_(gateway), corrections_(corrections) {}

  /// Null: not a path of this part.
  std::optional<HttpResponse> answer(const HttpRequest& request);

 private:
  HttpResponse list(const HttpRequest& request);
  HttpResponse explain(const HttpRequest& request);
  HttpResponse set(const HttpRequest& request);
  HttpResponse history(const HttpRequest& request);

  gateway::Gateway& gateway_;
  gateway::CorrectionKeeper& corrections_;
};

}  // namespace sluice::control
