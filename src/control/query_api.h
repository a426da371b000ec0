#pragma once

#include <optional>
#include <string>

#include <boost/json.hpp>

#include "control/http_server.h"
#include "control/own_statements.h"
#include "control/running_statements.h"
#include "gateway/gateway.h"

namespace sluice::control {

/// Statements of people who have no client (OwnStatements).
///
///   POST   /api/v1/query                    {database, sql, max_rows, id}
///   DELETE /api/v1/query/ID                 has the server cancel one's own
///   POST   /api/v1/query/dry-run            {database, sql}: what it would change
///   GET    /api/v1/databases/NAME/schema    tables and columns, with what they hold
///
/// What runs is cancelled too where who asked has closed the connection, unless an Idempotency-Key
/// says that the answer may be asked for again. Any thread; waits for the database.
class QueryApi {
 public:
  /// `host`: of the gateway's own listener.
  QueryApi(gateway::Gateway& gateway, std::string host)
      : gateway_(gateway), statements_(gateway, std::move(host)) {}

  /// Nothing: not a path of this part.
  std::optional<HttpResponse> answer(const HttpRequest& request);
  /// Whether this tells a statement to end: that waits for nothing, and behind nothing.
  static bool ends_one(const HttpRequest& request);

 private:
  HttpResponse query(const HttpRequest& request);
  HttpResponse end(const HttpRequest& request);
  HttpResponse dry_run(const HttpRequest& request);
  HttpResponse schema(const HttpRequest& request, const std::string& database);
  Result<mcp::Answer> run(const HttpRequest& request, const std::string& database,
                          OwnStatements::May may, const std::string& sql,
                          const mcp::Limits& limits);

  gateway::Gateway& gateway_;
  OwnStatements statements_;
  RunningStatements running_;
};

}  // namespace sluice::control
