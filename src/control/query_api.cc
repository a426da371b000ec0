#include "control/query_api.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "audit/filters.h"
#include "base/clock.h"
#include "control/body.h"
#include "control/caller.h"
#include "privacy/labels.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

constexpr size_t kRows = 500, kMostRows = 10'000;
constexpr size_t kMostBytes = size_t{4} << 20;
/// Columns of a database that are told of.
constexpr size_t kMostColumns = 20'000;

constexpr std::string_view kRunning = "/api/v1/query/";

constexpr const char* kSchema =
    "SELECT n.nspname, c.relname, CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized "
    "view' WHEN 'f' THEN 'foreign table' WHEN 'p' THEN 'partitioned table' ELSE 'table' END, "
    "a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, "
    "pg_catalog.pg_get_expr(d.adbin, d.adrelid), about.description, whole.description "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid "
    "LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum "
    "LEFT JOIN pg_catalog.pg_description about ON about.objoid = c.oid AND about.objsubid = "
    "a.attnum AND about.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass "
    "LEFT JOIN pg_catalog.pg_description whole ON whole.objoid = c.oid AND whole.objsubid = 0 AND "
    "whole.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass "
    "WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND a.attnum > 0 AND NOT a.attisdropped "
    "AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' "
    "AND n.nspname NOT LIKE 'sluice\\_kept\\_%' ORDER BY 1, 2, a.attnum";

json::array texts(const std::vector<std::string>& list) {
  return json::array(list.begin(), list.end());
}

/// The request that a statement waits for which was refused at once, as by rules with `wait: 0s`;
/// 0 for none.
int64_t asked_by(const mcp::Answer& answer) {
  constexpr std::string_view kBefore = "(request ", kBehind = " is not approved yet)";
  std::string_view text = answer.message;
  const size_t at = text.rfind(kBefore);
  if (answer.sqlstate != "42501" || at == std::string_view::npos || !text.ends_with(kBehind))
    return 0;
  text.remove_suffix(kBehind.size());
  return number_in(text.substr(at + kBefore.size())).value_or(0);
}

/// What came of a statement: rows, a request that it waits for, or why it failed.
HttpResponse told(const mcp::Answer& answer, int64_t micros) {
  if (answer.request != 0) {
    return json_response(
        202, json::object{{"waiting_for_approval", answer.request}, {"why", answer.detail}});
  }
  if (const int64_t number = asked_by(answer); number != 0) {
    return json_response(202,
                         json::object{{"waiting_for_approval", number}, {"why", answer.message}});
  }
  if (answer.failed()) {
    json::object body{{"title", answer.message}, {"status", 422}, {"sqlstate", answer.sqlstate}};
    if (answer.record != 0) body["record"] = answer.record;
    if (!answer.detail.empty()) body["detail"] = answer.detail;
    if (!answer.hint.empty()) body["hint"] = answer.hint;
    if (answer.position > 0) body["position"] = answer.position;
    return {422, "application/problem+json", json::serialize(body) + "\n"};
  }
  json::array columns, rows;
  for (const auto& column : answer.columns)
    columns.push_back(json::object{{"name", column.name}, {"type", column.type}});
  for (const auto& row : answer.rows) {
    json::array values;
    for (const auto& value : row)
      values.push_back(value ? json::value(*value) : json::value(nullptr));
    rows.push_back(std::move(values));
  }
  json::object out{{"columns", std::move(columns)},    {"rows", std::move(rows)},
                   {"truncated", answer.truncated},    {"command", answer.tag},
                   {"notices", texts(answer.notices)}, {"duration_micros", micros}};
  if (answer.record != 0) out["record"] = answer.record;
  return json_response(200, out);
}

/// Whether nobody waits for the answer. Who may ask for it again has not gone with the connection.
std::stop_token gone_of(const HttpRequest& request) {
  return request.header("idempotency-key").empty() ? request.gone : std::stop_token();
}

/// What is sensitive in a database, by "schema.table.column".
using Classes = std::map<std::string, const privacy::ColumnLabel*>;

Classes classes_of(const privacy::Labels& labels) {
  Classes out;
  for (const auto& [oid, table] : labels.tables()) {
    for (const auto& column : table->columns)
      out.emplace(fmt::format("{}.{}.{}", table->schema, table->name, column.name), &column);
  }
  return out;
}

void add_class(json::object& out, const privacy::ColumnLabel& column) {
  const auto& decision = column.decision;
  out["masked"] = column.masked();
  out["confidence"] = std::round(double{decision.confidence} * 100) / 100;
  if (decision.shape != privacy::Shape::kWhole || decision.cls == privacy::Class::kNone) {
    out["class"] = privacy::name(decision.shape);
    return;
  }
  const auto& info = privacy::info(decision.cls);
  out["class"] = info.name;
  out["category"] = privacy::name(info.category);
}

/// The rows of kSchema, one object a table.
json::array tables_of(const mcp::Answer& answer, const Classes& classes) {
  json::array tables;
  std::string last;
  for (const auto& row : answer.rows) {
    const std::string table = row[0].value_or("") + "." + row[1].value_or("");
    if (table != last) {
      tables.push_back(json::object{{"schema", row[0].value_or("")},
                                    {"name", row[1].value_or("")},
                                    {"kind", row[2].value_or("")},
                                    {"columns", json::array()}});
      if (row[8]) tables.back().as_object()["comment"] = *row[8];
      last = table;
    }
    json::object column{
        {"name", row[3].value_or("")}, {"type", row[4].value_or("")}, {"nullable", row[5] == "t"}};
    if (row[6]) column["default"] = *row[6];
    if (row[7]) column["comment"] = *row[7];
    const auto found = classes.find(table + "." + row[3].value_or(""));
    if (found != classes.end()) add_class(column, *found->second);
    tables.back().as_object()["columns"].as_array().push_back(std::move(column));
  }
  return tables;
}

}  // namespace

bool QueryApi::ends_one(const HttpRequest& request) {
  return request.method == "DELETE" && request.path.starts_with(kRunning);
}

std::optional<HttpResponse> QueryApi::answer(const HttpRequest& request) {
  constexpr std::string_view kDatabases = "/api/v1/databases/", kEnd = "/schema";
  const std::string_view path = request.path;
  if (ends_one(request)) return end(request);
  if (request.method == "POST" && path == "/api/v1/query") return query(request);
  if (request.method == "POST" && path == "/api/v1/query/dry-run") return dry_run(request);
  if (request.method != "GET" || !path.starts_with(kDatabases) || !path.ends_with(kEnd) ||
      path.size() <= kDatabases.size() + kEnd.size())
    return std::nullopt;
  const auto name = audit::parse_query_string(
      path.substr(kDatabases.size(), path.size() - kDatabases.size() - kEnd.size()));
  if (!name || name->size() != 1) return problem(400, "not the name of a database");
  return schema(request, name->front().first);
}

Result<mcp::Answer> QueryApi::run(const HttpRequest& request, const std::string& database,
                                  OwnStatements::May may, const std::string& sql,
                                  const mcp::Limits& limits) {
  const auto directory = gateway_.directory();
  const std::string_view secret = bearer_of(request);
  const auto* credential = directory->credential_of_secret(secret);
  if (credential == nullptr)
    return fail(ErrorCode::kInvalidInput, "statements run as somebody: log in");
  return statements_.run({credential->user, credential->id, SecretString(std::string(secret)),
                          "console", said_by_headers(request), request.peer},
                         database, may, sql, {}, limits);
}

HttpResponse QueryApi::query(const HttpRequest& request) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  mcp::Limits limits;
  limits.rows = kRows;
  limits.bytes = kMostBytes;
  if (const int64_t rows = number_of(*body, "max_rows"); rows > 0)
    limits.rows = std::min(static_cast<size_t>(rows), kMostRows);
  const auto target = gateway_.target(text_of(*body, "database"));
  if (!target) return failed(target.error());
  const auto mine = running_.begin(request.user, text_of(*body, "id"), gone_of(request));
  if (!mine) return failed(mine.error());
  limits.wanted = (*mine)->wanted();
  const int64_t begun = wall_micros();
  const auto answer = run(request, text_of(*body, "database"), OwnStatements::May::kWrite,
                          text_of(*body, "sql"), limits);
  return answer ? told(*answer, wall_micros() - begun) : failed(answer.error());
}

HttpResponse QueryApi::end(const HttpRequest& request) {
  const auto id = audit::parse_query_string(std::string_view(request.path).substr(kRunning.size()));
  if (!id || id->size() != 1) return problem(400, "not the id of a statement");
  const std::string& name = id->front().first;
  if (!running_.stop(request.user, name)) {
    return problem(
        404, "no statement of yours with this id runs here",
        "It may be over. Whoever closes the connection that it was asked by ends it, too.");
  }
  return json_response(202, json::object{{"id", name}, {"ending", true}});
}

HttpResponse QueryApi::dry_run(const HttpRequest& request) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  const std::string database = text_of(*body, "database");
  if (const auto target = gateway_.target(database); !target) return failed(target.error());
  mcp::Limits limits;
  limits.wanted = gone_of(request);
  const auto answer =
      run(request, database, OwnStatements::May::kShow, text_of(*body, "sql"), limits);
  if (!answer) return failed(answer.error());
  const auto found = told_for_show(*answer);
  return found ? json_response(200, *found) : told(*answer, 0);
}

HttpResponse QueryApi::schema(const HttpRequest& request, const std::string& database) {
  if (const auto target = gateway_.target(database); !target) return failed(target.error());
  mcp::Limits limits;
  limits.rows = kMostColumns;
  limits.bytes = kMostBytes;
  const auto answer = run(request, database, OwnStatements::May::kRead, kSchema, limits);
  if (!answer) return failed(answer.error());
  if (answer->failed() || answer->request != 0) return told(*answer, 0);
  const auto labels = gateway_.labels(database);
  return json_response(
      200, json::object{{"database", database},
                        {"tables", tables_of(*answer, labels ? classes_of(**labels) : Classes())},
                        {"truncated", answer->truncated}});
}

}  // namespace sluice::control
