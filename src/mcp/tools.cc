#include "mcp/tools.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace sluice::mcp {
namespace json = boost::json;

namespace {

using enum ArgumentType;

constexpr Argument kDatabase{"database", kText, true, "Name of the database, from list_databases"};
constexpr Argument kSql{"sql", kText, true, "One SQL statement of PostgreSQL, without parameters"};

constexpr std::array kDescribe = {kDatabase, Argument{"schema", kText, false, "Only this schema"},
                                  Argument{"table", kText, false, "Only tables of this name"}};
constexpr std::array kStatement = {kDatabase, kSql};
constexpr std::array kQuery = {
    kDatabase, kSql,
    Argument{"max_rows", kNumber, false, "Rows to return, 1 to 1000 (default 100)"},
    Argument{"cursor", kText, false,
             "next_cursor of the answer before, to the same statement: rows from there on"}};
/// What went wrong, and what waits for people, comes in place of rows: clients hold errors against
/// this too.
constexpr std::string_view kRows = R"({
  "type": "object",
  "properties": {
    "status": {"type": "string", "description": "The server's command tag, such as SELECT 5"},
    "row_count": {"type": "integer", "minimum": 0},
    "columns": {
      "type": "array",
      "items": {
        "type": "object",
        "properties": {
          "name": {"type": "string"},
          "type": {"type": "string", "description": "Of PostgreSQL, such as integer"}
        },
        "required": ["name", "type"]
      }
    },
    "rows": {
      "type": "array",
      "description": "Values in the order of columns, as PostgreSQL writes them; null is NULL",
      "items": {"type": "array", "items": {"type": ["string", "null"]}}
    },
    "truncated": {"type": "boolean", "description": "There are more rows"},
    "next_cursor": {"type": "string", "description": "The cursor for the rows that follow"},
    "record": {"type": "integer", "description": "Number of its record"},
    "notices": {"type": "array", "items": {"type": "string"}},
    "error": {"description": "Why there are no rows"},
    "waiting_for_approval": {"type": "integer", "description": "Number of the request"}
  },
  "anyOf": [
    {"required": ["columns", "rows", "row_count", "truncated"]},
    {"required": ["error"]},
    {"required": ["waiting_for_approval"]}
  ]
})";
constexpr std::array kNumberOf = {
    Argument{"number", kNumber, true, "The number that the tool before has returned"}};
constexpr std::array kFollow = {
    kNumberOf[0],
    Argument{
        "wait_seconds", kNumber, false,
        "Answer once it is decided or over, or else after so many seconds, up to 300 (default: "
        "at once). Give it less than your client's own patience, often 60"}};
constexpr std::array kPropose = {
    Argument{"databases", kTexts, true, "Where to run it, in this order"},
    Argument{"sql", kText, true, "The script: statements separated by semicolons, without BEGIN"},
    Argument{"title", kText, true, "What it does, in one line, for the person who decides"},
    Argument{"reason", kText, true, "Why it is needed"},
    Argument{"rollback", kText, false, "A script that takes it back; approved together with it"},
    Argument{"ticket", kText, false, "Where it was asked for"}};
constexpr std::array kAccess = {kDatabase,
                                Argument{"role", kText, true, "Role of the policy, such as writer"},
                                Argument{"seconds", kNumber, true, "For how long"},
                                Argument{"reason", kText, true, "Why it is needed"},
                                Argument{"ticket", kText, false, "Where it was asked for"}};
constexpr std::array kRegister = {
    Argument{"text", kText, true, "The prompt, word for word, up to 64 KiB"},
    Argument{"run", kText, false, "The run that it belongs to; left out: a new one"},
    Argument{"model", kText, false, "The model that was asked"},
    Argument{"parent", kText, false, "Id of the prompt that led to it"}};
constexpr std::array kHistory = {
    Argument{"limit", kNumber, false, "How many, 1 to 100 (default 20)"}};

constexpr std::array kTools = {
    Tool{"list_databases",
         "List databases",
         "Databases that you may connect to, each with its environment. Begin here.",
         {}},
    Tool{"describe_schema", "Describe a schema",
         "Tables and columns of a database: types, whether they may be null, and what is sensitive "
         "in them (class). Sensitive values are masked in results.",
         kDescribe},
    Tool{"explain_statement", "Explain what a statement would do",
         "Tells, without running it, what a statement reads and changes, which rules decide on it "
         "and how, what lint finds, and what of the schema it changes.",
         kStatement},
    Tool{"query", "Read data",
         "Runs one statement that only reads, and returns rows with typed columns. truncated tells "
         "that there are more: ask again with the same statement and next_cursor as cursor. Each "
         "page runs the statement anew, and counts anew: add ORDER BY, so that pages follow each "
         "other, and for many rows a condition on the last key in place of a cursor.",
         kQuery, false, kRows},
    Tool{"dry_run", "Try a change",
         "Runs one INSERT, UPDATE, DELETE or MERGE and takes it back; tells how many rows of each "
         "table it would change, triggers and cascades included, and whether it would then be "
         "allowed or held. Nobody is asked, and nothing is changed.",
         kStatement},
    Tool{"execute", "Change data or schema",
         "Runs one statement that may change something. If it has to be approved by a person, "
         "nothing has run: follow approval_status, and run exactly the same statement again once "
         "it is approved.",
         kStatement, true},
    Tool{"register_prompt", "Register a prompt",
         "Puts what you were asked on the record, and returns its id and run. Name them in _meta "
         "of the calls that follow from it: sluice/run and sluice/prompt_id. Some databases want "
         "it.",
         kRegister},
    Tool{"approval_status", "Follow a request for approval",
         "State of a request for approval: waiting, approved, rejected (with the reason), expired. "
         "With wait_seconds it waits for the decision.",
         kFollow},
    Tool{"propose_change", "Propose a change",
         "Submits a script of schema or data changes for review by people; run_change runs it once "
         "it is approved.",
         kPropose, true},
    Tool{
        "change_status", "Follow a change",
        "State of a proposed change, and of each of its steps. With wait_seconds it waits until it "
        "is decided on, or has run.",
        kFollow},
    Tool{"run_change", "Run an approved change",
         "Begins to run a change that is approved or ready; follow it with change_status.",
         kNumberOf, true},
    Tool{"request_access", "Ask for access",
         "Asks for a role at a database for a while; a person may have to decide. Follow it with "
         "access_status.",
         kAccess, true},
    Tool{"access_status", "Follow a request for access",
         "State of a request for access. With wait_seconds it waits for the decision.", kFollow},
    Tool{"my_history", "Recall own statements",
         "Your latest statements with what became of them, as they are on the record.", kHistory},
};

std::string_view type_name(ArgumentType type) {
  return type == kText ? "string" : type == kTexts ? "array" : "integer";
}

bool fits(ArgumentType type, const json::value& value) {
  switch (type) {
    case kText:
      return value.is_string();
    case kNumber:
      return value.is_int64() && value.get_int64() > 0;
    case kTexts:
      return value.is_array() && !value.get_array().empty() &&
             std::all_of(value.get_array().begin(), value.get_array().end(),
                         [](const json::value& each) { return each.is_string(); });
  }
  return false;
}

json::object schema_of(const Tool& tool) {
  json::object properties;
  json::array required;
  for (const Argument& argument : tool.arguments) {
    json::object property{{"type", type_name(argument.type)}, {"description", argument.meaning}};
    if (argument.type == kTexts) property["items"] = json::object{{"type", "string"}};
    if (argument.type == kNumber) property["minimum"] = 1;
    properties[argument.name] = std::move(property);
    if (argument.required) required.emplace_back(argument.name);
  }
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"additionalProperties", false}};
}

}  // namespace

std::span<const Tool> tools() { return kTools; }

const Tool* find_tool(std::string_view name) {
  const auto found = std::find_if(kTools.begin(), kTools.end(),
                                  [&](const Tool& tool) { return tool.name == name; });
  return found == kTools.end() ? nullptr : &*found;
}

json::array describe_tools() {
  json::array out;
  for (const Tool& tool : kTools) {
    json::object described{{"name", tool.name},
                           {"title", tool.title},
                           {"description", tool.description},
                           {"inputSchema", schema_of(tool)},
                           {"annotations", json::object{{"title", tool.title},
                                                        {"readOnlyHint", !tool.changes},
                                                        {"destructiveHint", tool.changes},
                                                        {"openWorldHint", false}}}};
    if (!tool.answer.empty()) described["outputSchema"] = json::parse(tool.answer);
    out.push_back(std::move(described));
  }
  return out;
}

Result<> check_arguments(const Tool& tool, const json::object& arguments) {
  std::string wrong;
  const auto complain = [&](const std::string& text) {
    wrong += (wrong.empty() ? "" : "; ") + text;
  };
  for (const Argument& argument : tool.arguments) {
    const auto* value = arguments.if_contains(argument.name);
    if (value == nullptr) {
      if (argument.required)
        complain(fmt::format("{} is missing ({})", argument.name, argument.meaning));
    } else if (!fits(argument.type, *value)) {
      complain(fmt::format("{} must be {}", argument.name,
                           argument.type == kText    ? "a text"
                           : argument.type == kTexts ? "a list of texts"
                                                     : "a whole number from 1 up"));
    }
  }
  for (const auto& entry : arguments) {
    const auto known = std::any_of(tool.arguments.begin(), tool.arguments.end(),
                                   [&](const Argument& each) { return each.name == entry.key(); });
    if (!known) complain("there is no argument " + std::string(entry.key()));
  }
  if (wrong.empty()) return {};
  return fail(ErrorCode::kInvalidInput, wrong);
}

std::string_view instructions() {
  return "Sluice stands in front of the company's databases. You act under your own identity and "
         "may "
         "do at most what the person for whom you act may do. Every statement is decided on by "
         "rules and is on the record; sensitive values are masked. Look at list_databases and "
         "describe_schema first. Read with query; before you change anything, look at "
         "explain_statement. What is refused says why and what to do next; what has to be approved "
         "by a person waits for them: follow it with approval_status, and do not try other ways "
         "around it.";
}

}  // namespace sluice::mcp
