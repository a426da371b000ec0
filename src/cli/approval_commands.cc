// sluice approval: what waits for people, and what they say to it.
#include <iostream>

#include <fmt/format.h>

#include "cli/call_as.h"
#include "cli/commands.h"
#include "cli/elsewhere.h"
#include "cli/printable_lines.h"

namespace sluice::cli {
namespace json = boost::json;

namespace {

/// As who says so, which they prove.
Result<json::value> decide(const Common& common, const ApprovalOptions& options,
                           const std::string& path, const std::string& body) {
  SLUICE_ASSIGN(const auto somebody,
                Somebody::prove(common, {options.user, options.totp, options.password_stdin}));
  return somebody.call("POST", path, body);
}

void print_list(std::string_view title, const json::value& list) {
  if (list.as_array().empty()) return;
  std::cout << title << '\n';
  for (const auto& line : list.as_array()) std::cout << "  - " << printable(plain(line)) << '\n';
}

void print_facts(const json::object& facts) {
  if (const auto why = plain(facts.at("why")); !why.empty())
    std::cout << "why it waits: " << printable(why) << '\n';
  for (const char* said : {"reason", "ticket"}) {
    if (const auto* value = facts.if_contains(said); value != nullptr && !plain(*value).empty())
      std::cout << said << ": " << printable(plain(*value)) << '\n';
  }
  for (const auto& action : facts.at("actions").as_array()) {
    const json::object& row = action.as_object();
    std::string line = plain(row.at("do"));
    for (const char* name : {"object_kind", "object"}) {
      if (const auto* value = row.if_contains(name)) line += " " + plain(*value);
    }
    if (const auto* lock = row.if_contains("lock")) line += ", lock " + plain(*lock);
    if (row.contains("cascade")) line += ", CASCADE";
    if (row.contains("without_where")) line += ", without WHERE";
    std::cout << "  does: " << printable(line) << '\n';
  }
  for (const auto& table : facts.at("tables").as_array()) {
    const json::object& row = table.as_object();
    const bool counted = !row.at("rows").is_null();
    std::cout << "  table " << printable(plain(row.at("name"))) << ": "
              << (counted ? fmt::format("about {} rows", row.at("rows").to_number<double>())
                          : std::string("never counted"))
              << fmt::format(", {} bytes\n", row.at("bytes").to_number<double>());
    for (const auto& other : row.at("dependents").as_array())
      std::cout << "    depends on it: " << printable(plain(other)) << '\n';
  }
  if (const auto* diff = facts.if_contains("schema_diff")) {
    std::cout << "  schema:\n";
    for (const auto& line : diff->as_array()) std::cout << "    " << printable(plain(line)) << '\n';
  }
  if (const auto* breaks = facts.if_contains("breaks")) {
    for (const auto& line : breaks->as_array())
      std::cout << "  older clients: " << printable(plain(line)) << '\n';
  }
  if (const auto* rows = facts.if_contains("estimated_rows"))
    std::cout << fmt::format("  the planner expects {:.0f} rows\n", rows->to_number<double>());
  if (const auto* run = facts.if_contains("dry_run")) {
    if (const auto* why = run->as_object().if_contains("why_not")) {
      std::cout << "  no dry run: " << printable(plain(*why)) << '\n';
    } else {
      std::cout << "  a dry run changed " << plain(run->at("rows")) << " rows\n";
      for (const auto& table : run->at("tables").as_array())
        std::cout << "    " << printable(plain(table)) << '\n';
    }
  }
  for (const auto& finding : facts.at("lint").as_array()) {
    std::cout << "  lint " << plain(finding.at("severity")) << " (" << plain(finding.at("rule"))
              << "): " << printable(plain(finding.at("message"))) << '\n';
  }
  if (const auto* values = facts.if_contains("parameters")) {
    size_t n = 0;
    for (const auto& value : values->as_array()) {
      std::cout << fmt::format("  ${} = {}\n", ++n,
                               value.is_null() ? "NULL" : printable(plain(value)));
    }
  }
}

/// What each step of a change is and does, where.
void print_steps(const json::object& facts) {
  const auto* steps = facts.if_contains("steps");
  if (steps == nullptr) return;
  const json::object& change = facts.at("change").as_object();
  std::cout << "reason: " << printable(plain(change.at("reason"))) << '\n';
  if (const auto ticket = plain(change.at("ticket")); !ticket.empty())
    std::cout << "ticket: " << printable(ticket) << '\n';
  std::cout << (change.at("one_transaction").as_bool() ? "one transaction on each database\n"
                                                       : "each step by itself\n");
  for (const auto& each : steps->as_array()) {
    const json::object& step = each.as_object();
    std::cout << fmt::format("\n{}{} step {} (line {}): {}\n",
                             plain(step.at("part")) == "rollback" ? "rollback, " : "",
                             printable(plain(step.at("database"))), plain(step.at("step")),
                             plain(step.at("line")), printable(plain(step.at("statement"))));
    if (const auto* judged = step.if_contains("judged"))
      std::cout << "  judged " << plain(*judged) << '\n';
    if (step.at("facts").is_object()) print_facts(step.at("facts").as_object());
  }
}

/// A text of several lines, each by itself safe for the terminal.
void print_lines(const json::value& text) {
  std::string lines = printable_lines(plain(text));
  if (!lines.empty() && !lines.ends_with('\n')) lines += '\n';
  std::cout << lines;
}

/// What was done before to the same objects.
void print_similar(const json::object& request) {
  const auto* similar = request.if_contains("similar");
  if (similar == nullptr || !similar->is_array() || similar->get_array().empty()) return;
  std::cout << "like it, of before:\n";
  for (const auto& each : similar->get_array()) {
    std::cout << fmt::format("  {} {} by {} for {} at {}: {}\n", plain(each.at("number")),
                             plain(each.at("state")), printable(plain(each.at("requester"))),
                             printable(plain(each.at("database"))), plain(each.at("created")),
                             printable(plain(each.at("statement"))));
  }
}

std::string joined(const json::object& row, const char* name, std::string_view separator) {
  std::string out;
  const auto* list = row.if_contains(name);
  if (list == nullptr) return out;
  for (const auto& each : list->as_array())
    out += (out.empty() ? "" : std::string(separator)) + printable(plain(each));
  return out;
}

/// For whom it is asked, and how who asks had logged in.
void print_login(const json::object& request) {
  const auto text = [&](const char* name) {
    const auto* value = request.if_contains(name);
    return value == nullptr ? std::string() : printable(plain(*value));
  };
  if (const auto* actors = request.if_contains("actors"); actors && !actors->as_array().empty())
    std::cout << "acts for " << printable(plain(actors->as_array().back())) << ", as "
              << joined(request, "actors", " for ") << '\n';
  if (const auto user = text("end_user"); !user.empty())
    std::cout << "asks for the user " << user << '\n';
  std::string line = text("authentication");
  if (line.empty()) return;
  for (const auto& [name, value] :
       {std::pair("issuer ", text("issuer")), std::pair("acr ", text("acr")),
        std::pair("amr ", joined(request, "amr", " ")),
        std::pair("groups ", joined(request, "groups", ", ")), std::pair("from ", text("client")),
        std::pair("with ", text("application"))}) {
    if (!value.empty()) line += std::string("; ") + name + value;
  }
  std::cout << "logged in by " << line << '\n';
}

void print_request(const json::object& request) {
  const auto text = [&](const char* name) { return printable(plain(request.at(name))); };
  std::cout << fmt::format("request {}: {}, asked by {} \"{}\" for {} ({}) at {}\n", text("number"),
                           text("state"), text("kind"), text("requester"), text("database"),
                           text("environment"), text("created"));
  print_login(request);
  if (const auto* reason = request.if_contains("reason"))
    std::cout << "  " << printable(plain(*reason)) << '\n';
  std::cout << "expires " << text("expires");
  if (const auto* rows = request.if_contains("max_rows"))
    std::cout << "; at most " << plain(*rows) << " rows";
  std::cout << "\n\n";
  print_lines(request.at(request.contains("formatted") ? "formatted" : "statement"));
  std::cout << '\n';
  if (request.at("facts").is_object()) {
    print_facts(request.at("facts").as_object());
    print_steps(request.at("facts").as_object());
  }
  // Of a change, a line for each of its databases.
  std::cout << "in a session with:\n";
  print_lines(request.at("session_settings"));
  for (const auto& vote : request.at("votes").as_array()) {
    std::cout << fmt::format(
        "{} {} by {}{} ({}){}\n", plain(vote.at("time")), plain(vote.at("verdict")),
        printable(plain(vote.at("voter"))),
        vote.as_object().contains("on_behalf") ? " for " + printable(plain(vote.at("on_behalf")))
                                               : std::string(),
        plain(vote.at("authentication")),
        plain(vote.at("comment")).empty() ? "" : ": " + printable(plain(vote.at("comment"))));
  }
  print_list("still missing:", request.at("missing"));
  print_similar(request);
}

Result<json::value> fetch(const Common& common, const ApprovalOptions& options) {
  return look(common, fmt::format("/api/v1/approvals/{}", options.number));
}

}  // namespace

Result<> approval_list(const Common& common, const ApprovalOptions& options) {
  std::string path = fmt::format("/api/v1/approvals?limit={}", common.limit);
  if (!options.state.empty()) path += "&state=" + percent_encoded(options.state);
  if (!options.requester.empty()) path += "&requester=" + percent_encoded(options.requester);
  SLUICE_ASSIGN(auto rows, look(common, path));
  print(std::cout,
        {{"number", "state", "created", "requester", "database", "rules", "statement", "missing"},
         std::move(rows.as_array())},
        common.format);
  return {};
}

Result<> approval_show(const Common& common, const ApprovalOptions& options) {
  SLUICE_ASSIGN(const auto request, fetch(common, options));
  if (common.format == Format::kJson) {
    std::cout << json_text(request) << '\n';
  } else {
    print_request(request.as_object());
  }
  return {};
}

Result<> approval_explain(const Common& common, const ApprovalOptions& options) {
  SLUICE_ASSIGN(const auto request, fetch(common, options));
  if (common.format == Format::kJson) {
    std::cout << json_text(json::object{{"number", request.at("number")},
                                        {"automatic", request.at("automatic")},
                                        {"evidence", request.at("evidence")}})
              << '\n';
    return {};
  }
  std::cout << (request.at("automatic").as_bool()
                    ? "approved automatically, since all of this holds:"
                    : "not approved automatically:")
            << '\n';
  print_list("", request.at("evidence"));
  return {};
}

Result<> approval_act(const Common& common, const ApprovalOptions& options,
                      const std::string& what) {
  json::object body{{"comment", options.comment}};
  if (options.max_rows) body["max_rows"] = *options.max_rows;
  if (!options.on_behalf.empty()) body["for"] = options.on_behalf;
  SLUICE_ASSIGN(
      const auto request,
      decide(common, options, fmt::format("/api/v1/approvals/{}/{}", options.number, what),
             json::serialize(body)));
  if (common.format == Format::kJson) {
    std::cout << json_text(request) << '\n';
    return {};
  }
  std::cout << fmt::format("request {} is {}\n", options.number, plain(request.at("state")));
  print_list("still missing:", request.at("missing"));
  return {};
}

Result<> approval_delegate(const Common& common, const ApprovalOptions& options) {
  const json::object body{{"to", options.to},
                          {"from", options.from},
                          {"until", options.until},
                          {"reason", options.reason}};
  SLUICE_ASSIGN(const auto made,
                decide(common, options, "/api/v1/approvals/delegations", json::serialize(body)));
  if (common.format == Format::kJson) {
    std::cout << json_text(made) << '\n';
    return {};
  }
  std::cout << fmt::format("delegation {}: {} may vote for {} from {} until {}\n",
                           plain(made.at("number")), plain(made.at("to")), plain(made.at("from")),
                           plain(made.at("begin")), plain(made.at("until")));
  return {};
}

Result<> approval_delegations(const Common& common) {
  SLUICE_ASSIGN(auto rows, look(common, "/api/v1/approvals/delegations"));
  print(std::cout,
        {{"number", "from", "to", "begin", "until", "reason"}, std::move(rows.as_array())},
        common.format);
  return {};
}

Result<> approval_undelegate(const Common& common, const ApprovalOptions& options) {
  SLUICE_ASSIGN(const auto ended,
                decide(common, options,
                       fmt::format("/api/v1/approvals/delegations/{}/end", options.number), "{}"));
  if (common.format == Format::kJson)
    std::cout << json_text(ended) << '\n';
  else
    std::cout << fmt::format("delegation {} is taken back\n", options.number);
  return {};
}

Result<> approval_kept(const Common& common) {
  SLUICE_ASSIGN(auto rows, look(common, fmt::format("/api/v1/undo?limit={}", common.limit)));
  print(std::cout,
        {{"request", "state", "requester", "database", "kept", "created", "until"},
         std::move(rows.as_array())},
        common.format);
  return {};
}

Result<> approval_undo(const Common& common, const ApprovalOptions& options) {
  const std::string path = fmt::format("/api/v1/undo/{}", options.number);
  const json::object body{{"skip_conflicts", options.skip_conflicts}};
  SLUICE_ASSIGN(const auto answer, options.preview
                                       ? look(common, path)
                                       : decide(common, options, path, json::serialize(body)));
  if (common.format == Format::kJson) std::cout << json_text(answer) << '\n';
  size_t conflicts = 0;
  bool undone = true, some = false;
  for (const auto& item : answer.at("entries").as_array()) {
    const json::object& entry = item.as_object();
    const auto in_the_way = entry.at("conflicts_in_all").to_number<size_t>();
    const bool done = entry.at("undone").as_bool();
    conflicts += in_the_way;
    undone = undone && done;
    some = some || done;
    if (common.format == Format::kJson) continue;
    const bool can = options.preview && in_the_way == 0;
    std::cout << fmt::format("{} at {}: {}\n", printable(plain(entry.at("kept"))),
                             plain(entry.at("database")),
                             done  ? "undone"
                             : can ? "can be undone"
                                   : "not undone: something is in the way");
    for (const auto& conflict : entry.at("conflicts").as_array()) {
      // Keys are told to the operator alone, others how many rows there are.
      const std::string key = plain(conflict.at("key"));
      const auto rows = conflict.at("rows").to_number<size_t>();
      const std::string which =
          !key.empty() ? " " + key : fmt::format(", {} row{}", rows, rows == 1 ? "" : "s");
      const std::string table = plain(conflict.at("table"));
      std::cout << "  - " << (table.empty() ? "" : printable(table + which) + ": ")
                << printable(plain(conflict.at("why"))) << '\n';
    }
  }
  if (options.preview || undone) return {};
  return fail(ErrorCode::kDenied,
              fmt::format("{} changed since: {} is undone. Look with --preview; rows that have not "
                          "changed are undone with --skip-conflicts",
                          conflicts == 1 ? "one thing has" : std::to_string(conflicts) + " have",
                          some ? "only what stands above" : "nothing"));
}

}  // namespace sluice::cli
