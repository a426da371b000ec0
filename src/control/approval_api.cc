#include "control/approval_api.h"

#include <algorithm>

#include <fmt/format.h>

#include "audit/filters.h"
#include "base/clock.h"
#include "control/body.h"
#include "control/caller.h"
#include "control/own.h"
#include "control/similar_requests.h"
#include "control/visible_page.h"
#include "gateway/fresh_state.h"
#include "sql/layout.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

constexpr std::string_view kPath = "/api/v1/approvals";
/// What a token must be allowed to do.
constexpr std::string_view kScope = "approvals";
constexpr size_t kMostListed = 10'000;
/// Requests of before that are looked at for those like one.
constexpr size_t kMostCompared = 300;

HttpResponse refused(const Error& error) {
  if (error.code == ErrorCode::kAuthentication)
    return problem(401, "who asks is not known", error.text);
  return failed(error);
}

json::array votes_of(const approval::Request& request) {
  json::array out;
  for (const approval::Vote& vote : request.votes) {
    json::object row{{"time", format_time(vote.time_micros)},
                     {"voter", vote.voter},
                     {"verdict", approval::name_of(vote.verdict)},
                     {"comment", to_printable_utf8(vote.comment)},
                     {"authentication", vote.authentication}};
    if (!vote.on_behalf.empty()) row["on_behalf"] = vote.on_behalf;
    if (vote.max_rows) row["max_rows"] = *vote.max_rows;
    out.push_back(std::move(row));
  }
  return out;
}

json::array names(const std::vector<std::string>& list) {
  return json::array(list.begin(), list.end());
}

std::string clock_text(int minutes) {
  return fmt::format("{:02}:{:02}", minutes / 60, minutes % 60);
}

json::object stage_of(const policy::ApprovalStage& stage) {
  json::object out{{"by", names(stage.groups)}, {"people", stage.people}};
  json::array on_call, escalate;
  for (const auto& entry : stage.on_call) {
    json::array days;
    for (int day = 0; day < 7; ++day) {
      constexpr const char* kDays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
      if ((entry.window.days >> day & 1) != 0) days.emplace_back(kDays[day]);
    }
    on_call.push_back(json::object{{"days", std::move(days)},
                                   {"from", clock_text(entry.window.from)},
                                   {"to", clock_text(entry.window.to)},
                                   {"zone", entry.window.zone_name},
                                   {"by", names(entry.groups)}});
  }
  for (const auto& step : stage.escalate) {
    const auto after = std::chrono::duration_cast<std::chrono::seconds>(step.after).count();
    escalate.push_back(json::object{{"after_seconds", after}, {"to", names(step.groups)}});
  }
  if (!on_call.empty()) out["on_call"] = std::move(on_call);
  if (!escalate.empty()) out["escalate"] = std::move(escalate);
  return out;
}

json::array needs_of(const approval::Request& request) {
  json::array out;
  for (const approval::Need& need : request.needs) {
    json::array stages;
    for (const auto& stage : need.stages) {
      stages.push_back(stage_of(stage));
    }
    out.push_back(json::object{{"rule", need.rule}, {"stages", std::move(stages)}});
  }
  return out;
}

json::array texts(const std::vector<std::string>& list) {
  json::array out;
  for (const auto& text : list) out.push_back(json::string(to_printable_utf8(text)));
  return out;
}

/// How who asks had come in, as far as it is known.
void add_login(const approval::Request& request, json::object& out) {
  json::error_code error;
  const auto login = json::parse(approval::to_text(request.login), error);
  if (error || !login.is_object()) return;
  for (const auto& [name, value] : login.get_object()) out[name] = value;
}

}  // namespace

std::vector<Reader> eyes_of(const Reader& reader, approval::Desk& desk,
                            const identity::Directory& directory) {
  std::vector<Reader> out = {reader};
  const auto all = desk.delegations();
  if (reader.user.empty() || !reader.person.empty() || !all) return out;
  const int64_t now = wall_micros();
  for (const approval::Delegation& each : *all) {
    if (each.to == reader.user &&
        approval::find_delegation(*all, each.from, each.to, now, directory) != nullptr)
      out.push_back({each.from, {}, reader.databases});
  }
  return out;
}

bool may_see(const approval::Request& request, const identity::Directory& directory,
             const std::vector<Reader>& eyes) {
  return std::any_of(eyes.begin(), eyes.end(),
                     [&](const Reader& each) { return may_see(request, directory, each); });
}

bool may_see(const approval::Request& request, const identity::Directory& directory,
             const Reader& reader) {
  if (!reader.sees_databases(request.subject.database)) return false;
  if (reader.user.empty()) return true;
  const auto& persons = request.persons;
  const bool theirs =
      is_theirs(directory, {reader.user}, request.subject.requester, {}, request.created_micros);
  // Who acts for somebody decides on nothing.
  if (!reader.person.empty())
    return theirs && std::find(persons.begin(), persons.end(), reader.person) != persons.end();
  if (theirs) return true;
  const identity::User* user = directory.find(reader.user);
  if (user == nullptr) return false;
  for (const approval::Need& need : request.needs) {
    for (const auto& stage : need.stages) {
      for (const auto& group : stage.groups_ever()) {
        if (std::find(user->groups.begin(), user->groups.end(), group) != user->groups.end())
          return true;
      }
    }
  }
  return false;
}

json::object ApprovalApi::brief(const approval::Request& request) {
  json::array rules;
  for (const approval::Need& need : request.needs) rules.emplace_back(need.rule);
  json::object out{{"number", request.number},
                   {"state", approval::name_of(request.state)},
                   {"created", format_time(request.created_micros)},
                   {"expires", format_time(request.expires_micros)},
                   {"requester", request.subject.requester},
                   {"kind", request.requester_kind},
                   {"database", request.subject.database},
                   {"environment", request.environment},
                   {"rules", std::move(rules)},
                   {"statement", to_printable_utf8(request.subject.statement)},
                   {"missing", texts(desk_.missing(request))},
                   {"automatic", request.automatic}};
  if (request.max_rows) out["max_rows"] = *request.max_rows;
  if (!request.reason.empty()) out["reason"] = to_printable_utf8(request.reason);
  if (request.used_micros != 0) out["used"] = format_time(request.used_micros);
  return out;
}

HttpResponse ApprovalApi::list(const HttpRequest& request, const Reader& reader) {
  approval::Wanted wanted;
  const size_t mark = request.path.find('?');
  const auto given = audit::parse_query_string(
      mark == std::string::npos ? std::string_view()
                                : std::string_view(request.path).substr(mark + 1));
  if (!given) return failed(given.error());
  for (const auto& [name, value] : *given) {
    if (name == "state") {
      wanted.state = approval::find_state(value);
      if (!wanted.state) {
        return problem(400, "state is waiting, approved, rejected, expired, withdrawn or used");
      }
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
  const auto eyes = eyes_of(reader);
  return visible_page(
      request.path, wanted, kMostListed, [&](const auto& page) { return desk_.list(page); },
      [&](const auto& each) { return may_see(each, eyes); },
      [&](const auto& each) { return brief(each); });
}

/// How it went with those like it, of which the reader may know.
json::array ApprovalApi::similar(const approval::Request& request, const Reader& reader) {
  approval::Wanted wanted;
  wanted.limit = kMostCompared;
  auto others = desk_.list(wanted);
  if (!others) return {};
  const auto eyes = eyes_of(reader);
  std::erase_if(*others, [&](const auto& other) { return !may_see(other, eyes); });
  return similar_to(request, *others);
}

HttpResponse ApprovalApi::show(int64_t number, const Reader& reader) {
  const auto found = desk_.find(number);
  if (!found) return failed(found.error());
  if (!may_see(*found, eyes_of(reader))) {
    return problem(403, "you neither asked for it nor are asked to decide on it");
  }
  json::object out = brief(*found);
  json::error_code error;
  auto shown = json::parse(found->brief, error);
  out["facts"] = error ? json::value(nullptr) : std::move(shown);
  const auto formatted = sql::laid_out(found->subject.statement);
  if (formatted != found->subject.statement) out["formatted"] = to_printable_utf8(formatted);
  out["similar"] = similar(*found, reader);
  out["needs"] = needs_of(*found);
  out["votes"] = votes_of(*found);
  out["evidence"] = texts(found->evidence);
  out["session"] = found->session_id;
  add_login(*found, out);
  out["policy"] = found->subject.policy;
  out["schema"] = found->subject.schema;
  out["session_settings"] = to_printable_utf8(gateway::shown_session(found->subject.session));
  out["digest"] = found->granted;
  return json_response(200, out);
}

HttpResponse ApprovalApi::act(const HttpRequest& request, int64_t number, std::string_view what) {
  const auto caller = who_asks(request, *gateway_.directory(), kScope);
  if (!caller) return refused(caller.error());
  json::object body;
  if (!request.body.empty()) {
    auto parsed = body_of(request);
    if (!parsed) return failed(parsed.error());
    body = std::move(*parsed);
  }
  const std::string comment = text_of(body, "comment");
  const Reader reader{caller->user, caller->person, caller->databases};
  const auto before = desk_.find(number);
  if (!before) return failed(before.error());
  if (!may_see(*before, eyes_of(reader))) {
    return problem(403, "you neither asked for it nor are asked to decide on it");
  }
  if (what == "withdraw") {
    if (before->created_micros < since_of(*gateway_.directory(), caller->user))
      return problem(403, fmt::format("request {} is not yours", number));
    const auto withdrawn = desk_.withdraw(number, caller->user, comment);
    return withdrawn ? show(number, reader) : failed(withdrawn.error());
  }
  const auto verdict = approval::find_verdict(what);
  if (!verdict) return problem(404, "known: approve, reject, comment, withdraw");
  approval::Vote vote{caller->user, *verdict, comment, caller->authentication};
  vote.on_behalf = text_of(body, "for");
  if (const auto* rows = body.if_contains("max_rows")) {
    if (*verdict != approval::Verdict::kApprove || !rows->is_int64() || rows->get_int64() < 0)
      return problem(400, "max_rows is a number of rows that is approved");
    vote.max_rows = static_cast<uint64_t>(rows->get_int64());
  }
  const auto voted = desk_.vote(number, std::move(vote));
  return voted ? show(number, reader) : failed(voted.error());
}

std::optional<HttpResponse> ApprovalApi::answer(const HttpRequest& request, bool local) {
  std::string_view path = request.path;
  path = path.substr(0, path.find('?'));
  if (path != kPath && !path.starts_with(std::string(kPath) + "/")) return std::nullopt;
  path.remove_prefix(std::min(path.size(), kPath.size() + 1));
  if (path == "delegations" || path.starts_with("delegations/"))
    return delegations_.answer(request, path, local);
  if (request.method == "POST") {
    const size_t slash = path.find('/');
    const auto number = number_in(path.substr(0, slash));
    if (!number || slash == std::string_view::npos) return problem(404, "there is no such request");
    return act(request, *number, path.substr(slash + 1));
  }
  if (request.method != "GET") return problem(405, "only GET and POST are allowed");
  Reader reader;
  if (!local || !request.authorization.empty()) {
    const auto caller = who_asks(request, *gateway_.directory(), kScope);
    if (!caller) return refused(caller.error());
    reader = reader_for(request, *caller);
  }
  if (path.empty()) return list(request, reader);
  const auto number = number_in(path);
  if (!number) return problem(404, "there is no such request");
  return show(*number, reader);
}

}  // namespace sluice::control
