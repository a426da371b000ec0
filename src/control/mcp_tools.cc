#include "control/mcp_tools.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "approval/brief.h"
#include "base/clock.h"
#include "control/body.h"
#include "control/explaining.h"
#include "control/mcp_advice.h"
#include "control/policy_json.h"
#include "gateway/big_stack_thread.h"
#include "gateway/identified.h"
#include "mcp/page_cursor.h"
#include "policy/policy.h"
#include "privacy/labels.h"
#include "sql/analyse.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

constexpr size_t kMostRows = 1000;
constexpr size_t kMostHistory = 100;
/// Columns of a schema that are told of at once.
constexpr size_t kMostColumns = 2000;

ToolAnswer failure(std::string_view what, std::string_view next = {}) {
  json::object found{{"error", what}};
  if (!next.empty()) found["next"] = next;
  return {std::move(found), true};
}

std::string text(const json::object& arguments, std::string_view name) {
  return text_of(arguments, name);
}

ToolAnswer from_http(HttpResponse response) {
  if (response.later) response = response.later();
  json::error_code error;
  auto found = json::parse(response.body, error);
  if (error) return failure("the gateway has answered something else than JSON");
  json::object out =
      found.is_object() ? std::move(found.get_object()) : json::object{{"answer", found}};
  return {std::move(out), response.status >= 400};
}

/// What came of a statement, for an agent to go on from.
ToolAnswer told(const mcp::Answer& answer) {
  if (answer.request != 0) {
    return {
        {{"waiting_for_approval", answer.request},
         {"why", answer.detail},
         {"next", fmt::format("Nothing has run. Follow approval_status with number {}; once it is "
                              "approved, run exactly the same statement again.",
                              answer.request)}},
        false};
  }
  if (answer.failed()) {
    json::object error{{"sqlstate", answer.sqlstate}, {"message", answer.message}};
    if (!answer.detail.empty()) error["detail"] = answer.detail;
    if (!answer.hint.empty()) error["hint"] = answer.hint;
    const auto next = advice_for_sqlstate(answer.sqlstate);
    if (answer.hint.empty() && !next.empty()) error["hint"] = next;
    if (answer.position > 0) error["position"] = answer.position;
    if (answer.record != 0) error["record"] = answer.record;
    return {{{"error", std::move(error)}}, true};
  }
  json::array columns, rows, notices;
  for (const auto& column : answer.columns)
    columns.push_back(json::object{{"name", column.name}, {"type", column.type}});
  for (const auto& row : answer.rows) {
    json::array values;
    for (const auto& value : row)
      values.push_back(value ? json::value(*value) : json::value(nullptr));
    rows.push_back(std::move(values));
  }
  for (const auto& notice : answer.notices) notices.emplace_back(notice);
  json::object found{{"status", answer.tag},
                     {"row_count", rows.size()},
                     {"columns", std::move(columns)},
                     {"rows", std::move(rows)},
                     {"truncated", answer.truncated}};
  if (answer.record != 0) found["record"] = answer.record;
  if (!notices.empty()) found["notices"] = std::move(notices);
  if (const auto next = advice_for_tag(answer.tag); !next.empty()) found["next"] = next;
  return {std::move(found), false};
}

/// For whom a record's session acted; empty: for itself.
std::string_view acted_for(const json::value& record) {
  const auto* actors = record.is_object() ? record.get_object().if_contains("actors") : nullptr;
  if (actors == nullptr || !actors->is_array() || actors->get_array().empty()) return {};
  const auto& last = actors->get_array().back();
  return last.is_string() ? std::string_view(last.get_string()) : std::string_view();
}

bool is_in(const json::value& record, const std::vector<std::string>& databases) {
  const auto* at = record.is_object() ? record.get_object().if_contains("database") : nullptr;
  if (at == nullptr || !at->is_string()) return false;
  return std::ranges::find(databases, std::string_view(at->get_string())) != databases.end();
}

/// What is sensitive in a database, by "schema.table.column".
std::map<std::string, const privacy::ColumnLabel*> classes_of(const privacy::Labels& labels) {
  std::map<std::string, const privacy::ColumnLabel*> out;
  for (const auto& [oid, table] : labels.tables()) {
    for (const auto& column : table->columns)
      out.emplace(fmt::format("{}.{}.{}", table->schema, table->name, column.name), &column);
  }
  return out;
}

std::string class_of(const privacy::ColumnLabel& column) {
  const auto& decision = column.decision;
  if (decision.shape != privacy::Shape::kWhole || decision.cls == privacy::Class::kNone)
    return std::string(privacy::name(decision.shape));
  return std::string(privacy::info(decision.cls).name);
}

}  // namespace

ToolAnswer McpTools::call(const Asker& caller, const std::string& tool,
                          const json::object& arguments) {
  if (tool == "list_databases") return list_databases(caller);
  if (tool == "describe_schema") return describe_schema(caller, arguments);
  if (tool == "explain_statement") return explain(caller, arguments);
  if (tool == "query") return query(caller, arguments);
  if (tool == "dry_run") return dry_run(caller, arguments);
  if (tool == "execute") return execute(caller, arguments);
  if (tool == "register_prompt") return register_prompt(caller, arguments);
  if (tool == "my_history") return history(caller, arguments);
  auto answer = by_the_api(caller, tool, arguments);
  if (answer.failed) add_advice(tool, answer.found);
  return answer;
}

ToolAnswer McpTools::by_the_api(const Asker& caller, const std::string& tool,
                                const json::object& arguments) {
  const auto number = [&] { return std::to_string(number_of(arguments, "number")); };
  if (tool == "approval_status") return over_http(caller, "GET", "/api/v1/approvals/" + number());
  if (tool == "change_status") return over_http(caller, "GET", "/api/v1/changes/" + number());
  if (tool == "access_status") return over_http(caller, "GET", "/api/v1/grants/" + number());
  if (tool == "run_change")
    return over_http(caller, "POST", "/api/v1/changes/" + number() + "/run");
  if (tool == "request_access") return over_http(caller, "POST", "/api/v1/grants", arguments);
  if (tool == "propose_change") {
    json::object body = arguments;
    body["targets"] = body["databases"];
    body["script"] = body["sql"];
    body.erase("databases");
    body.erase("sql");
    return over_http(caller, "POST", "/api/v1/changes", body);
  }
  return failure("there is no tool " + tool);
}

ToolAnswer McpTools::list_databases(const Asker& caller) {
  const auto directory = gateway_.directory();
  const auto* credential = directory->credential(caller.credential);
  json::array databases;
  for (const auto& name : gateway_.databases()) {
    if (credential != nullptr && !credential->good_for(name)) continue;
    const auto target = gateway_.target(name);
    if (target)
      databases.push_back(json::object{{"name", name}, {"environment", target->environment}});
  }
  return {{{"databases", std::move(databases)}}, false};
}

ToolAnswer McpTools::describe_schema(const Asker& caller, const json::object& arguments) {
  const auto given = [&](std::string_view name) {
    const std::string value = text(arguments, name);
    return value.empty() ? std::nullopt : std::optional(value);
  };
  mcp::Limits limits;
  limits.rows = kMostColumns;
  limits.bytes = size_t{1} << 20;
  const std::string database = text(arguments, "database");
  if (const auto target = gateway_.target(database); !target)
    return failure(target.error().text, "See list_databases.");
  const auto answer = statements_.run(
      caller, database, OwnStatements::May::kRead,
      "SELECT table_schema, table_name, column_name, data_type, is_nullable, column_default "
      "FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', "
      "'information_schema') AND table_schema NOT LIKE 'sluice\\_kept\\_%' AND "
      "table_schema = coalesce($1::text, table_schema) AND "
      "table_name = coalesce($2::text, table_name) "
      "ORDER BY table_schema, table_name, ordinal_position",
      {given("schema"), given("table")}, limits);
  if (!answer) return failure(answer.error().text, "See list_databases.");
  if (answer->failed() || answer->request != 0) return told(*answer);
  if (answer->rows.empty())
    return {{{"tables", json::array()},
             {"truncated", false},
             {"next", "There is nothing of that name: leave out table, or schema, to see all."}},
            false};
  const auto labels = gateway_.labels(database);
  const auto classes =
      labels ? classes_of(**labels) : std::map<std::string, const privacy::ColumnLabel*>();
  json::array tables;
  std::string last;
  for (const auto& row : answer->rows) {
    const std::string table = row[0].value_or("") + "." + row[1].value_or("");
    if (table != last) {
      tables.push_back(json::object{{"schema", row[0].value_or("")},
                                    {"table", row[1].value_or("")},
                                    {"columns", json::array()}});
      last = table;
    }
    json::object column{{"name", row[2].value_or("")},
                        {"type", row[3].value_or("")},
                        {"nullable", row[4] == "YES"}};
    if (row[5]) column["default"] = *row[5];
    if (const auto found = classes.find(table + "." + row[2].value_or(""));
        found != classes.end()) {
      column["class"] = class_of(*found->second);
      column["masked"] = found->second->masked();
    }
    tables.back().as_object()["columns"].as_array().push_back(std::move(column));
  }
  return {{{"tables", std::move(tables)}, {"truncated", answer->truncated}}, false};
}

ToolAnswer McpTools::explain(const Asker& caller, const json::object& arguments) {
  const auto target = gateway_.target(text(arguments, "database"));
  if (!target) return failure(target.error().text, "See list_databases.");
  const auto directory = gateway_.directory();
  const auto* user = directory->find(caller.user);
  const auto* credential = directory->credential(caller.credential);
  if (user == nullptr || credential == nullptr) return failure("your credential is gone");
  if (!credential->good_for(target->database))
    return failure("your credential is not for this database", "See list_databases.");
  const std::string sql = text(arguments, "sql");
  const auto understood = gateway_.understand(target->database, sql);
  if (!understood) return failure(understood.error().text);
  policy::Circumstances now;
  now.now_micros = wall_micros();
  now.client_address = caller.address.empty() ? std::string_view("127.0.0.1") : caller.address;
  const auto principal = gateway::principal_of(*directory, *user, credential, {}, now.now_micros,
                                               {target->database, now.now_micros});
  now.authenticated_micros = principal.authenticated_micros;
  now.run = !caller.said.run.empty();
  now.prompt = !caller.said.prompt.empty();
  now.tainted = gateway_.agents().taints.any(gateway::Taints::whose(principal, caller.said.run),
                                             now.now_micros);
  auto [explanation, told] =
      explain_statement(gateway_, {gateway_.policy(), principal, *target, now, sql}, *understood);
  approval::SchemaChange change;
  {
    const sql::Scope scope{understood->catalog, {"pg_catalog", "public"}};
    const gateway::BigStackThread thread(sql::kAnalyserStackBytes, "mcp",
                                         [&] { change = approval::SchemaChange::of(sql, scope); });
  }
  json::array lint, diff, breaks;
  for (const auto& finding : change.lint)
    lint.push_back(json::object{{"rule", finding.rule},
                                {"severity", sql::name_of(finding.severity)},
                                {"message", finding.message},
                                {"safer", finding.safer}});
  for (const auto& line : change.diff) diff.emplace_back(line);
  if (!change.diff.empty()) {
    for (const auto& line : change.breaks) breaks.emplace_back(line);
  }
  told["decision"] = to_json(*explanation.decision);
  told["facts"] = to_json(*understood->facts, understood->catalog.get());
  told["lint"] = std::move(lint);
  told["schema_diff"] = std::move(diff);
  told["may_break_older_clients"] = std::move(breaks);
  return {std::move(told), false};
}

ToolAnswer McpTools::query(const Asker& caller, const json::object& arguments) {
  const std::string database = text(arguments, "database"), sql = text(arguments, "sql");
  const auto understood = gateway_.understand(database, sql);
  if (!understood) return failure(understood.error().text, "See list_databases.");
  if (understood->facts->statements > 1)
    return failure("these are several statements", "Ask for them one by one.");
  // What cannot be read at all is refused at the gateway, with the reason.
  if (understood->facts->unanalysable.empty() && !only_reads(*understood->facts)) {
    return failure("this statement does more than read",
                   "Look at explain_statement; then run it with execute, or submit it with "
                   "propose_change.");
  }
  mcp::Limits limits;
  if (const int64_t rows = number_of(arguments, "max_rows"); rows > 0)
    limits.rows = std::min(static_cast<size_t>(rows), kMostRows);
  if (arguments.contains("cursor")) {
    const auto before = mcp::rows_before(text(arguments, "cursor"), database, sql);
    if (!before) return failure(before.error().text);
    limits.skip = *before;
  }
  const auto answer = statements_.run(caller, database, OwnStatements::May::kRead, sql, {}, limits);
  if (!answer) return failure(answer.error().text);
  auto page = told(*answer);
  if (answer->truncated && !page.failed)
    page.found["next_cursor"] = mcp::page_cursor(database, sql, limits.skip + answer->rows.size());
  return page;
}

ToolAnswer McpTools::execute(const Asker& caller, const json::object& arguments) {
  const auto answer = statements_.run(caller, text(arguments, "database"),
                                      OwnStatements::May::kWrite, text(arguments, "sql"), {}, {});
  return answer ? told(*answer) : failure(answer.error().text, "See list_databases.");
}

ToolAnswer McpTools::dry_run(const Asker& caller, const json::object& arguments) {
  const auto answer = statements_.run(caller, text(arguments, "database"),
                                      OwnStatements::May::kShow, text(arguments, "sql"), {}, {});
  if (!answer) return failure(answer.error().text, "See list_databases.");
  auto found = told_for_show(*answer);
  if (found) return {std::move(*found), false};
  auto failed = told(*answer);
  // The gateway's own advice is for whoever has set it by hand.
  if (answer->sqlstate == "0A000")
    failed.found["next"] = "Look at it with explain_statement, which runs nothing.";
  return failed;
}

ToolAnswer McpTools::register_prompt(const Asker& caller, const json::object& arguments) {
  const auto kept = prompts_.keep(caller.user, caller.credential,
                                  {text(arguments, "text"),
                                   text(arguments, "run"),
                                   text(arguments, "model"),
                                   {},
                                   text(arguments, "parent")});
  if (!kept) return failure(kept.error().text);
  return {{{"prompt", kept->id},
           {"run", kept->run},
           {"next", "In _meta of the calls that follow from it: sluice/run and sluice/prompt_id."}},
          false};
}

ToolAnswer McpTools::history(const Asker& caller, const json::object& arguments) {
  const int64_t wanted = number_of(arguments, "limit");
  const size_t limit = wanted > 0 ? std::min(static_cast<size_t>(wanted), kMostHistory) : 20;
  const auto directory = gateway_.directory();
  const auto* credential = directory->credential(caller.credential);
  if (credential == nullptr) return failure("your credential is gone");
  const auto* asks = directory->find(caller.user);
  if (asks == nullptr) return failure("you are not known any more");
  const std::string person(credential->acts_for());
  const auto& some = credential->databases;
  const bool all = person.empty() && some.empty();
  std::string user;
  for (const unsigned char c : caller.user) user += fmt::format("%{:02X}", c);
  auto answer = from_http(
      records_({"GET",
                // What is older was done by somebody else of that name.
                fmt::format("/api/v1/audit/records?type=statement&user={}&since={}&order=newest"
                            "&limit={}",
                            user, format_time(asks->since()), all ? limit : kMostRows),
                ""}));
  auto* records = answer.found.if_contains("records");
  if (all || answer.failed || records == nullptr || !records->is_array()) return answer;
  // What the same agent did for others is not for this one to know, nor what it did where this
  // credential is not good for.
  json::array theirs;
  for (auto& record : records->get_array()) {
    const bool its = person.empty() || acted_for(record) == person;
    if (theirs.size() < limit && its && (some.empty() || is_in(record, some)))
      theirs.push_back(std::move(record));
  }
  answer.found["records"] = std::move(theirs);
  answer.found["next"] = nullptr;
  return answer;
}

ToolAnswer McpTools::over_http(const Asker& caller, const std::string& method,
                               const std::string& path, const json::object& body) {
  HttpRequest request{method, path, method == "GET" ? "" : json::serialize(body),
                      "Bearer " + std::string(caller.secret.reveal())};
  request.peer = caller.address;
  request.tls = true;  // /mcp has seen to it that the credential did not come in clear.
  return from_http(ask_(request));
}

}  // namespace sluice::control
