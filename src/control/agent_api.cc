#include "control/agent_api.h"

#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "agents/attribution.h"
#include "audit/filters.h"
#include "audit/record_json.h"
#include "audit/search.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/hash.h"
#include "control/body.h"
#include "control/budget_report.h"
#include "control/own.h"
#include "control/paging.h"
#include "control/visible_page.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

constexpr std::string_view kRoot = "/api/v1/agents/";
constexpr std::string_view kRuns = "runs";
constexpr std::string_view kPrompts = "prompts";
constexpr std::string_view kBudgets = "budgets";
/// What a token must be allowed to do.
constexpr std::string_view kScope = "mcp";
constexpr const char* kOperator = "local administrator";
constexpr size_t kRunsAtOnce = 100, kMostRuns = 1000;
constexpr size_t kMostPrompts = 1000;
constexpr size_t kMostStatements = 10'000;

/// Where a run stands in their listing: by its latest prompt, the newest first.
struct RunPlace {
  int64_t micros = 0;
  std::string which;  ///< between those of the same time: a digest of whose it is

  static RunPlace of(const agents::Run& run) {
    const std::string whose = run.run + "\n" + run.user + "\n" + run.person;
    return {run.last_micros, to_hex(sha2(256, whose)).substr(0, 16)};
  }
  static std::optional<RunPlace> read(std::string_view text) {
    const size_t dot = text.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const auto micros = number_in(text.substr(0, dot));
    if (!micros) return std::nullopt;
    return RunPlace{*micros, std::string(text.substr(dot + 1))};
  }
  std::string text() const { return fmt::format("{}.{}", micros, which); }
  bool behind(const RunPlace& other) const {
    return std::tie(other.micros, which) > std::tie(micros, other.which);
  }
};

HttpResponse refused(const Error& error) {
  if (error.code == ErrorCode::kAuthentication)
    return problem(401, "who asks is not known", error.text);
  return failed(error);
}

void add_text(json::object& out, std::string_view name, const std::string& text) {
  if (!text.empty()) out[name] = to_printable_utf8(text);
}

json::object to_json(const agents::Prompt& prompt) {
  json::object out{{"prompt", prompt.id},    {"run", prompt.run},
                   {"user", prompt.user},    {"time", format_time(prompt.created_micros)},
                   {"bytes", prompt.length}, {"sha256", to_hex(agents::digest_of(prompt.id))}};
  add_text(out, "acts_for", prompt.person);
  add_text(out, "model", prompt.model);
  add_text(out, "tool_call", prompt.call);
  add_text(out, "parent", prompt.parent);
  if (prompt.erased) out["erased"] = true;
  return out;
}

/// Of a statement's record, what a run is looked at for.
json::object statement_of(const audit::Record& record) {
  constexpr std::string_view kWanted[] = {"id",
                                          "time",
                                          "user",
                                          "database",
                                          "tool_call",
                                          "kind",
                                          "text",
                                          "decision",
                                          "rule",
                                          "message",
                                          "tables",
                                          "actions",
                                          "output_columns",
                                          "predicate_columns",
                                          "written_columns",
                                          "classes",
                                          "masked",
                                          "rows",
                                          "changed",
                                          "approval",
                                          "sqlstate"};
  const json::object all = audit::to_json(record);
  json::object out;
  for (const auto name : kWanted) {
    if (const auto* value = all.if_contains(name)) out[name] = *value;
  }
  return out;
}

/// Whether somebody of a session's chain of actors looks, as far as they may.
bool is_of(const audit::SessionContext& context, const Reader& reader) {
  const auto& actors = context.actors;
  if (reader.user.empty() || is_own(reader, context.user, actors.empty() ? "" : actors.back()))
    return true;
  return reader.person.empty() &&
         std::find(actors.begin(), actors.end(), reader.user) != actors.end();
}

/// A part of a path, as URLs have it.
Result<std::string> decoded(std::string_view part) {
  SLUICE_ASSIGN(const auto given, audit::parse_query_string(part));
  if (given.size() != 1 || !given.front().second.empty())
    return fail(ErrorCode::kInvalidInput, "this is not URL-encoded");
  return given.front().first;
}

}  // namespace

Result<std::unique_ptr<AgentApi>> AgentApi::open(gateway::Gateway& gateway, audit::Log& log,
                                                 const config::Config& config) {
  std::unique_ptr<AgentApi> api(new AgentApi(gateway, log, config.state / "audit"));
  SLUICE_ASSIGN(api->prompts_, Prompts::open(gateway, log, config));
  SLUICE_ASSIGN(api->taints_, TaintKeeper::open(gateway, config));
  SLUICE_ASSIGN(api->budgets_, BudgetKeeper::open(gateway, config));
  return api;
}

Result<> AgentApi::note(audit::EventType type, const std::string& who, const std::string& what) {
  audit::SessionContext context;
  context.user = who.empty() ? kOperator : who;
  audit::Event event;
  event.type = type;
  event.time_micros = wall_micros();
  event.message = what;
  SLUICE_TRY(log_.append_admin(context, event));
  return {};
}

HttpResponse AgentApi::keep(const HttpRequest& request, const Caller& caller) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  const auto kept =
      prompts_->keep(caller.user, caller.credential,
                     {text_of(*body, "text"), text_of(*body, "run"), text_of(*body, "model"),
                      text_of(*body, "call"), text_of(*body, "parent")});
  if (!kept) return failed(kept.error());
  return json_response(201, to_json(*kept));
}

HttpResponse AgentApi::list(const std::string& path, const Looking& reader) {
  const auto paging = paging_of(path, kMostRuns, kRunsAtOnce);
  if (!paging) return failed(paging.error());
  std::optional<RunPlace> before;
  if (!paging->cursor.empty() && !(before = RunPlace::read(paging->cursor)))
    return problem(400, "cursor is that of the address in Link, of the page before");
  // Those that the reader may not see are left out: more are read than are shown.
  auto runs = prompts_->store().runs(reader.eyes.user, kMostRuns, before ? before->micros : 0);
  if (!runs) return failed(runs.error());
  std::sort(runs->begin(), runs->end(),
            [](const auto& a, const auto& b) { return RunPlace::of(b).behind(RunPlace::of(a)); });
  const size_t limit = paging->limit;
  json::array all;
  bool more = runs->size() == kMostRuns;
  std::string looked_at;
  for (const auto& run : *runs) {
    if (before && !RunPlace::of(run).behind(*before)) continue;
    if (all.size() == limit) {
      more = true;
      break;
    }
    looked_at = RunPlace::of(run).text();
    if (!reader.may_see(run.user, run.person, run.first_micros)) continue;
    json::object out{{"run", run.run},
                     {"user", run.user},
                     {"first", format_time(run.first_micros)},
                     {"last", format_time(run.last_micros)},
                     {"prompts", run.prompts}};
    add_text(out, "acts_for", run.person);
    all.push_back(std::move(out));
  }
  auto page = json_response(200, all);
  return more && !looked_at.empty() ? with_next(std::move(page), path, "cursor", looked_at) : page;
}

HttpResponse AgentApi::run(const std::string& run, const Looking& reader) {
  const auto prompts = prompts_->store().of_run(run, kMostPrompts);
  if (!prompts) return failed(prompts.error());
  if (const auto noted = note(audit::EventType::kAuditRead, reader.user, "looked at run " + run);
      !noted)
    return failed(noted.error());
  audit::Query query;
  query.run = run;
  query.type = "statement";
  query.order = audit::Order::kOldest;
  query.limit = kMostStatements;
  const auto page = audit::search_page(audit_directory_, query);
  if (!page) return failed(page.error());
  std::map<std::string, json::array> by_prompt;
  bool any = false;
  for (const auto& record : page->records) {
    const bool older = !reader.eyes.user.empty() && record.time_micros < reader.since_micros;
    if (older || !is_of(record.context, reader.eyes) ||
        !reader.eyes.sees_databases(record.context.database)) {
      continue;
    }
    any = true;
    by_prompt[record.context.prompt].push_back(statement_of(record));
  }
  json::array all;
  for (const auto& prompt : *prompts) {
    if (!reader.may_see(prompt.user, prompt.person, prompt.created_micros)) continue;
    any = true;
    json::object out = to_json(prompt);
    out["statements"] = std::move(by_prompt[prompt.id]);
    by_prompt.erase(prompt.id);
    all.push_back(std::move(out));
  }
  if (!any) return problem(404, "there is no such run, or it is not yours to see");
  json::array rest;
  for (auto& [prompt, statements] : by_prompt) {
    for (auto& statement : statements) rest.push_back(std::move(statement));
  }
  return json_response(200, json::object{{"run", run},
                                         {"prompts", std::move(all)},
                                         {"without_prompt", std::move(rest)},
                                         {"truncated", page->next.has_value()}});
}

HttpResponse AgentApi::prompt(const std::string& id, const Looking& reader) {
  const auto found = prompts_->store().find(id);
  if (!found) return failed(found.error());
  if (!reader.may_see(found->user, found->person, found->created_micros))
    return problem(404, "there is no prompt of that id");
  // Before it is told.
  const auto noted = note(audit::EventType::kAuditRead, reader.user,
                          fmt::format("read prompt {} of run {}", id, found->run));
  if (!noted) return failed(noted.error());
  json::object out = to_json(*found);
  if (found->erased) return json_response(200, out);
  const auto text = prompts_->store().text(*found);
  if (!text) return failed(text.error());
  out["text"] = to_printable_utf8(*text);
  return json_response(200, out);
}

HttpResponse AgentApi::erase(const std::string& id, const HttpRequest& request) {
  const auto body = body_of(request);
  const std::string reason = body ? text_of(*body, "reason") : std::string();
  if (reason.empty()) return problem(400, "say why: {\"reason\": …}");
  const auto found = prompts_->store().find(id);
  if (!found) return failed(found.error());
  const auto noted = note(audit::EventType::kEvidence, request.user,
                          fmt::format("the text of prompt {} of run {} was erased: {}", id,
                                      found->run, to_printable_utf8(reason)));
  if (!noted) return failed(noted.error());
  if (const auto erased = prompts_->store().erase(id); !erased) return failed(erased.error());
  return json_response(200, json::object{{"erased", id}});
}

HttpResponse AgentApi::get(const HttpRequest& request, std::string_view path,
                           const Looking& reader) {
  if (path == kRuns) return list(request.path, reader);
  if (path == kBudgets) return json_response(200, all_budgets(gateway_, reader.eyes.user));
  const size_t slash = path.find('/');
  const auto rest = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  const auto name = decoded(rest);
  if (!name) return problem(404, "not found");
  path = path.substr(0, slash);
  HttpResponse response;
  if (path == kRuns) {
    response.later = [this, name = *name, reader] { return run(name, reader); };
  } else if (path == kPrompts) {
    response.later = [this, name = *name, reader] { return prompt(name, reader); };
  } else {
    return problem(404, "not found", "Known here: prompts, runs, budgets.");
  }
  return response;
}

std::optional<HttpResponse> AgentApi::answer(const HttpRequest& request, bool local) {
  const size_t mark = request.path.find('?');
  std::string_view path = std::string_view(request.path).substr(0, mark);
  if (!path.starts_with(kRoot)) return std::nullopt;
  path.remove_prefix(kRoot.size());
  const std::string prefix = std::string(kPrompts) + "/";
  const bool trusted = local && request.authorization.empty();
  const bool erases = request.method == "DELETE" && path.starts_with(prefix);
  // The front door lets nobody but admins ask that.
  if (erases && (trusted || request.roles.meet(Role::kAdmin)))
    return erase(std::string(path.substr(prefix.size())), request);
  if (trusted && request.method == "GET") return get(request, path, {});
  const auto caller = who_asks(request, *gateway_.directory(), kScope);
  if (!caller) return refused(caller.error());
  if (request.method == "GET")
    return get(request, path,
               {caller->user, reader_for(request, *caller),
                since_of(*gateway_.directory(), caller->user)});
  if (request.method == "POST" && path == kPrompts) return keep(request, *caller);
  return problem(405, "prompts are POSTed, and runs are only looked at");
}

}  // namespace sluice::control
