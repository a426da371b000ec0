#include "control/change_api.h"

#include <algorithm>

#include <fmt/format.h>

#include "audit/filters.h"
#include "base/clock.h"
#include "base/units.h"
#include "control/approval_api.h"
#include "control/body.h"
#include "control/caller.h"
#include "control/own.h"
#include "control/visible_page.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

constexpr std::string_view kPath = "/api/v1/changes";
/// What a token must be allowed to do.
constexpr std::string_view kScope = "changes";
constexpr size_t kMostListed = 10'000;

json::string text(std::string_view raw) { return json::string(to_printable_utf8(raw)); }

/// What asks databases must not hold up the others that ask here.
HttpResponse later(std::function<HttpResponse()> work) {
  HttpResponse response;
  response.later = std::move(work);
  return response;
}

json::array steps_of(const change::Change& change) {
  json::array out;
  for (const auto& step : change.steps) {
    json::object row{{"part", change::name_of(step.part)},
                     {"database", change.targets.at(step.target)},
                     {"step", step.step + 1},
                     {"state", change::name_of(step.state)},
                     {"started", format_time(step.started_micros)},
                     {"message", text(step.message)}};
    if (step.ended_micros != 0) {
      row["ended"] = format_time(step.ended_micros);
      row["duration_us"] = step.ended_micros - step.started_micros;
    }
    out.push_back(std::move(row));
  }
  return out;
}

Result<change::Change> change_in(const json::object& body) {
  change::Change change;
  change.title = text_of(body, "title");
  change.reason = text_of(body, "reason");
  change.ticket = text_of(body, "ticket");
  change.script = text_of(body, "script");
  change.rollback = text_of(body, "rollback");
  change.attestation = text_of(body, "attestation");
  if (const auto* targets = body.if_contains("targets");
      targets != nullptr && targets->is_array()) {
    for (const auto& target : targets->get_array()) {
      if (!target.is_string())
        return fail(ErrorCode::kInvalidInput, "targets are names of databases");
      change.targets.emplace_back(target.get_string());
    }
  }
  for (const auto& [name, timeout] : {std::pair{"lock_timeout", &change.lock_timeout},
                                      std::pair{"statement_timeout", &change.statement_timeout}}) {
    if (const auto given = text_of(body, name); !given.empty()) {
      auto parsed = parse_duration(given);
      if (!parsed) return fail(std::move(parsed.error()).within(name));
      *timeout = *parsed;
    }
  }
  return change;
}

}  // namespace

bool ChangeApi::may_see(const change::Change& change, const Reader& reader) {
  if (!reader.sees_databases(fmt::format("{}", fmt::join(change.targets, ", ")))) return false;
  const std::string person = change.actors.empty() ? "" : change.actors.back();
  if (reader.user.empty() ||
      is_theirs(*gateway_.directory(), reader, change.requester, person, change.created_micros))
    return true;
  if (change.request == 0 || !reader.person.empty()) return false;
  const auto request = desk_.find(change.request);
  return request && control::may_see(*request, *gateway_.directory(), reader);
}

/// The state that people know is that of the request, as long as it only waits for that.
json::object ChangeApi::brief(const change::Change& change) {
  json::array targets;
  for (const auto& target : change.targets) targets.push_back(text(target));
  json::object out{{"number", change.number},
                   {"state", change::name_of(change.state)},
                   {"created", format_time(change.created_micros)},
                   {"requester", change.requester},
                   {"title", text(change.title)},
                   {"targets", std::move(targets)},
                   {"request", change.request},
                   {"problem", text(change.problem)}};
  if (change.state != change::State::kWaiting || change.request == 0) return out;
  const auto request = desk_.find(change.request);
  if (!request) return out;
  out["state"] = approval::name_of(request->state);
  out["expires"] = format_time(request->expires_micros);
  json::array missing;
  for (const auto& line : desk_.missing(*request)) missing.push_back(text(line));
  out["missing"] = std::move(missing);
  if (out["problem"].as_string().empty()) out["problem"] = text(request->reason);
  return out;
}

json::object ChangeApi::whole(const change::Change& change) {
  json::object out = brief(change);
  out["reason"] = text(change.reason);
  out["ticket"] = text(change.ticket);
  out["lock_timeout"] = change::text_of(change.lock_timeout);
  out["statement_timeout"] = change::text_of(change.statement_timeout);
  out["script"] = text(change.script);
  out["rollback"] = text(change.rollback);
  if (change.started_micros != 0) out["started"] = format_time(change.started_micros);
  if (change.ended_micros > change.started_micros) out["ended"] = format_time(change.ended_micros);
  out["steps"] = steps_of(change);
  return out;
}

HttpResponse ChangeApi::submit(const HttpRequest& request, const change::Who& who) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  auto change = change_in(*body);
  if (!change) return failed(change.error());
  return later([this, who, change = std::move(*change)] {
    const auto submitted = changes_.submit(change, who);
    return submitted ? json_response(200, whole(*submitted)) : failed(submitted.error());
  });
}

HttpResponse ChangeApi::act(int64_t number, std::string_view what, const change::Who& who,
                            const Reader& reader) {
  const auto method = what == "run"        ? &change::Changes::run
                      : what == "rollback" ? &change::Changes::roll_back
                      : what == "cancel"   ? &change::Changes::cancel
                                           : nullptr;
  if (method == nullptr) return problem(404, "known: run, rollback, cancel");
  return later([this, number, method, who, reader] {
    const auto found = changes_.find(number);
    if (!found) return failed(found.error());
    if (!may_see(*found, reader))
      return problem(403, "you neither submitted it nor are asked to decide on it");
    const auto done = (changes_.*method)(number, who);
    return done ? json_response(200, whole(*done)) : failed(done.error());
  });
}

HttpResponse ChangeApi::list(const HttpRequest& request, const Reader& reader) {
  change::Wanted wanted;
  const size_t mark = request.path.find('?');
  const auto given = audit::parse_query_string(
      mark == std::string::npos ? std::string_view()
                                : std::string_view(request.path).substr(mark + 1));
  if (!given) return failed(given.error());
  for (const auto& [name, value] : *given) {
    if (name == "state") {
      wanted.state = change::find_state(value);
      if (!wanted.state) return problem(400, "there is no such state of a change");
    } else if (name == "requester") {
      wanted.requester = value;
    } else if (name == "limit") {
      const auto limit = number_in(value);
      if (!limit) return problem(400, "limit is a number from 1 up");
      wanted.limit = std::min(static_cast<size_t>(*limit), kMostListed);
    } else if (name == "before") {
      const auto before = number_in(value);
      if (!before) return problem(400, "before is the number of the last one of the page before");
      wanted.before = *before;
    } else {
      return problem(400, "known parameters: state, requester, limit, before");
    }
  }
  return visible_page(
      request.path, wanted, kMostListed, [&](const auto& page) { return changes_.list(page); },
      [&](const auto& each) { return may_see(each, reader); },
      [&](const auto& each) { return brief(each); });
}

HttpResponse ChangeApi::show(int64_t number, const Reader& reader) {
  const auto found = changes_.find(number);
  if (!found) return failed(found.error());
  if (!may_see(*found, reader))
    return problem(403, "you neither submitted it nor are asked to decide on it");
  return json_response(200, whole(*found));
}

std::optional<HttpResponse> ChangeApi::answer(const HttpRequest& request, bool local) {
  std::string_view path = request.path;
  path = path.substr(0, path.find('?'));
  if (path != kPath && !path.starts_with(std::string(kPath) + "/")) return std::nullopt;
  path.remove_prefix(std::min(path.size(), kPath.size() + 1));
  change::Who who;
  Reader reader;
  if (!local || !request.authorization.empty() || request.method == "POST") {
    const auto caller = who_asks(request, *gateway_.directory(), kScope);
    if (!caller) {
      return caller.error().code == ErrorCode::kAuthentication
                 ? problem(401, "who asks is not known", caller.error().text)
                 : failed(caller.error());
    }
    who = {caller->user, caller->credential, request.peer};
    reader = {caller->user, caller->person, caller->databases};
  }
  const size_t slash = path.find('/');
  const auto number = number_in(path.substr(0, slash));
  if (!path.empty() && !number) return problem(404, "there is no such change");
  if (request.method == "POST") {
    if (path.empty()) return submit(request, who);
    if (slash == std::string_view::npos) return problem(404, "known: run, rollback, cancel");
    return act(*number, path.substr(slash + 1), who, reader);
  }
  if (request.method != "GET") return problem(405, "only GET and POST are allowed");
  if (request.roles.meet(Role::kAuditor | Role::kAdmin)) reader = {{}, {}, reader.databases};
  return path.empty() ? list(request, reader) : show(*number, reader);
}

}  // namespace sluice::control
