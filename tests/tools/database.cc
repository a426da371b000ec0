#include "database.h"

namespace sluice::tools {

namespace {

using Answer = std::unique_ptr<PGresult, decltype([](PGresult* result) { PQclear(result); })>;

catalog::Rows rows_of(const PGresult* result) {
  catalog::Rows rows(static_cast<size_t>(PQntuples(result)));
  const int columns = PQnfields(result);
  for (int r = 0; r < PQntuples(result); ++r) {
    catalog::Row& row = rows[static_cast<size_t>(r)];
    for (int c = 0; c < columns; ++c) {
      if (PQgetisnull(result, r, c) != 0) {
        row.emplace_back(std::nullopt);
      } else {
        row.emplace_back(std::in_place, PQgetvalue(result, r, c),
                         static_cast<size_t>(PQgetlength(result, r, c)));
      }
    }
  }
  return rows;
}

}  // namespace

Result<Database> Database::connect(const std::string& conninfo) {
  Database database;
  database.connection_.reset(PQconnectdb(conninfo.c_str()));
  PGconn* connection = database.connection_.get();
  if (PQstatus(connection) != CONNECTION_OK || PQsetClientEncoding(connection, "UTF8") != 0) {
    return fail(ErrorCode::kUnavailable, PQerrorMessage(connection));
  }
  return database;
}

Result<std::vector<catalog::Rows>> Database::run(std::string_view text) {
  PGconn* connection = connection_.get();
  if (PQsendQuery(connection, std::string(text).c_str()) != 1) {
    return fail(ErrorCode::kUnavailable, PQerrorMessage(connection));
  }
  std::vector<catalog::Rows> results;
  std::string error, sqlstate;
  while (const Answer answer{PQgetResult(connection)}) {
    const ExecStatusType status = PQresultStatus(answer.get());
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
      results.push_back(rows_of(answer.get()));
    } else if (error.empty()) {
      error = PQresultErrorMessage(answer.get());
      const char* code = PQresultErrorField(answer.get(), PG_DIAG_SQLSTATE);
      sqlstate = code != nullptr ? code : "";
    }
  }
  if (!error.empty()) {
    const bool again = catalog::may_read_again(sqlstate);
    return fail(again ? ErrorCode::kNotFound : ErrorCode::kInvalidInput, error);
  }
  return results;
}

Result<std::shared_ptr<const catalog::Catalog>> Database::load(bool with_system,
                                                               const catalog::Catalog* base) {
  // As gateway::CatalogKeeper does.
  auto results = run(catalog::load_query(with_system));
  for (int i = 0; i < 20 && !results && results.error().code == ErrorCode::kNotFound; ++i) {
    results = run(catalog::load_query(with_system));
  }
  if (!results) return fail(std::move(results.error()));
  return catalog::build(std::move(*results), base);
}

}  // namespace sluice::tools
