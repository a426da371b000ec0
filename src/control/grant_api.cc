#include "control/grant_api.h"

#include <algorithm>

#include <fmt/format.h>

#include "audit/filters.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "control/body.h"
#include "control/own.h"
#include "control/visible_page.h"
#include "gateway/identified.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

constexpr std::string_view kGrants = "/api/v1/grants";
constexpr std::string_view kAccess = "/api/v1/access";
/// What a token must be allowed to do.
constexpr std::string_view kScope = "grants";
constexpr size_t kMostListed = 10'000;
/// More than any role lasts.
constexpr int64_t kMostSeconds = int64_t{30} * 24 * 3600;

HttpResponse refused(const Error& error) {
  if (error.code == ErrorCode::kAuthentication)
    return problem(401, "who asks is not known", error.text);
  return failed(error);
}

json::array list_of(const std::vector<std::string>& texts) {
  return json::array(texts.begin(), texts.end());
}

void add_text(json::object& out, std::string_view name, const std::string& text) {
  if (!text.empty()) out[name] = to_printable_utf8(text);
}

void add_time(json::object& out, std::string_view name, int64_t micros) {
  if (micros != 0) out[name] = format_time(micros);
}

Result<std::vector<std::pair<std::string, std::string>>> parameters_of(std::string_view query) {
  SLUICE_ASSIGN(const auto given, audit::parse_query_string(query));
  return std::vector<std::pair<std::string, std::string>>(given.begin(), given.end());
}

Duration lasts_of(const json::object& body) {
  return std::chrono::seconds(std::clamp<int64_t>(number_of(body, "seconds"), 0, kMostSeconds));
}

/// Where a grant stands in their listing: what is to be reviewed first, then the newest.
struct Place {
  bool reviewed = false;
  int64_t number = 0;

  static Place of(const access::GrantRow& grant) {
    return {!grant.break_glass || grant.reviewed_micros != 0, grant.number};
  }
  static std::optional<Place> read(std::string_view text) {
    if (!text.starts_with("0-") && !text.starts_with("1-")) return std::nullopt;
    const auto number = number_in(text.substr(2));
    if (!number) return std::nullopt;
    return Place{text.front() == '1', *number};
  }
  std::string text() const { return fmt::format("{}-{}", reviewed ? 1 : 0, number); }
  bool behind(const Place& other) const {
    return reviewed == other.reviewed ? number < other.number : reviewed;
  }
};

prometheus::MetricFamily gauge(const char* name, const char* help, uint64_t value) {
  prometheus::MetricFamily out;
  out.name = name;
  out.help = help;
  out.type = prometheus::MetricType::Gauge;
  prometheus::ClientMetric metric;
  metric.gauge.value = static_cast<double>(value);
  out.metric.push_back(metric);
  return out;
}

}  // namespace

void add_grant_metrics(const access::Summary& summary, std::vector<prometheus::MetricFamily>& all) {
  all.push_back(gauge("sluice_grants_active", "Grants in force.", summary.active));
  all.push_back(gauge("sluice_grants_waiting", "Grants that wait for people.", summary.waiting));
  all.push_back(gauge("sluice_break_glass_active", "Grants in force that were taken unasked.",
                      summary.break_glass_active));
  all.push_back(gauge("sluice_break_glass_unreviewed",
                      "Grants that were taken unasked and not reviewed.", summary.to_review));
  all.push_back(gauge("sluice_break_glass_overdue", "Of these, those whose review is late.",
                      summary.overdue));
}

json::object GrantApi::row(const access::GrantRow& grant) {
  json::object out{{"number", grant.number},
                   {"state", name_of(grant.state)},
                   {"holder", grant.holder},
                   {"role", grant.role},
                   {"database", grant.database},
                   {"groups", list_of(grant.groups)},
                   {"seconds", grant.lasts_micros / 1'000'000},
                   {"lasts", access::duration_text(grant.lasts_micros)},
                   {"created", format_time(grant.created_micros)},
                   {"reason", to_printable_utf8(grant.reason)},
                   {"break_glass", grant.break_glass}};
  add_text(out, "ticket", grant.ticket);
  add_text(out, "acts_for", grant.acts_for);
  if (grant.request != 0) out["request"] = grant.request;
  if (grant.extends != 0) out["extends"] = grant.extends;
  add_time(out, "from", grant.from_micros);
  add_time(out, "until", grant.until_micros);
  add_time(out, "ended", grant.ended_micros);
  add_text(out, "ended_by", grant.ended_by);
  add_text(out, "ended_why", grant.ended_why);
  add_time(out, "last_used", grant.last_used_micros);
  std::string attention;
  if (grant.break_glass) {
    json::object review{{"by", list_of(grant.review_by)},
                        {"due", format_time(grant.review_due_micros)}};
    add_time(review, "reviewed", grant.reviewed_micros);
    add_text(review, "reviewer", grant.reviewer);
    add_text(review, "verdict", grant.verdict);
    add_text(review, "comment", grant.review_comment);
    const bool overdue = grant.to_review() && keeper_.now() >= grant.review_due_micros;
    review["overdue"] = overdue;
    out["review"] = std::move(review);
    attention = overdue             ? "BREAK GLASS, REVIEW OVERDUE"
                : grant.to_review() ? "BREAK GLASS, to be reviewed"
                                    : "break glass, reviewed: " + grant.verdict;
  }
  out["attention"] = attention;
  return out;
}

HttpResponse GrantApi::list(const HttpRequest& request, std::string_view query,
                            const Reader& reader) {
  identity::WantedGrants wanted;
  std::optional<Place> before;
  const auto given = parameters_of(query);
  if (!given) return failed(given.error());
  for (const auto& [name, value] : *given) {
    if (name == "state") {
      wanted.state = identity::find_grant_state(value);
      if (!wanted.state) {
        return problem(400,
                       "state is waiting, active, refused, returned, revoked, expired or extended");
      }
    } else if (name == "holder") {
      wanted.holder = value;
    } else if (name == "limit") {
      const auto limit = number_in(value);
      if (!limit) return problem(400, "limit is a number from 1 up");
      wanted.limit = std::min(static_cast<size_t>(*limit), kMostListed);
    } else if (name == "cursor") {
      before = Place::read(value);
      if (!before) return problem(400, "cursor is that of the address in Link, of the page before");
    } else {
      return problem(400, "known parameters: state, holder, limit, cursor");
    }
  }
  // Those that the reader may not see are left out: more are read than are shown.
  const size_t limit = std::exchange(wanted.limit, kMostListed);
  const auto found = keeper_.list(wanted);
  if (!found) return failed(found.error());
  return page_of(
      request.path, *found, limit,
      [&](const auto& grant) { return !before || Place::of(grant).behind(*before); },
      [&](const auto& grant) { return may_see(grant, reader); },
      [&](const auto& grant) { return row(grant); },
      [](const auto& grant) { return Place::of(grant).text(); });
}

bool GrantApi::may_see(const access::GrantRow& grant, const Reader& reader) {
  if (!reader.sees_databases(grant.database)) return false;
  if (reader.user.empty()) return true;
  // Who acts for somebody decides on nothing.
  return reader.person.empty() ? keeper_.may_see(reader.user, grant)
                               : is_theirs(*gateway_.directory(), reader, grant.holder,
                                           grant.acts_for, grant.created_micros);
}

HttpResponse GrantApi::show(int64_t number, const Reader& reader) {
  const auto found = keeper_.find(number);
  if (!found) return failed(found.error());
  if (!may_see(*found, reader)) return problem(403, "it is neither yours nor yours to decide on");
  return json_response(200, row(*found));
}

/// As whom somebody asks: by what they have shown, with no grant of theirs.
Result<access::Asker> GrantApi::asker(const HttpRequest& request, const Caller& caller) const {
  const auto directory = gateway_.directory();
  const identity::User* user = directory->find(caller.user);
  const identity::Credential* credential = directory->credential(caller.credential);
  if (user == nullptr || credential == nullptr)
    return fail(ErrorCode::kDenied, "you, or what you have shown, are gone");
  return access::Asker{gateway::principal_of(*directory, *user, credential, {}, wall_micros()),
                       credential->databases, request.peer};
}

HttpResponse GrantApi::make(const HttpRequest& request, const Caller& caller) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  const auto who = asker(request, caller);
  if (!who) return failed(who.error());
  const access::Wish wish{text_of(*body, "role"), text_of(*body, "database"), lasts_of(*body),
                          text_of(*body, "reason"), text_of(*body, "ticket")};
  const auto* glass = body->if_contains("break_glass");
  const bool break_glass = glass != nullptr && glass->is_bool() && glass->get_bool();
  const auto made = break_glass ? keeper_.break_glass(*who, wish) : keeper_.ask(*who, wish);
  return made ? json_response(201, row(*made)) : failed(made.error());
}

HttpResponse GrantApi::act(const HttpRequest& request, const Caller& caller,
                           std::string_view path) {
  const size_t slash = path.find('/');
  const auto number = number_in(path.substr(0, slash));
  if (!number || slash == std::string_view::npos) return problem(404, "there is no such grant");
  const std::string_view what = path.substr(slash + 1);
  json::object body;
  if (!request.body.empty()) {
    auto parsed = body_of(request);
    if (!parsed) return failed(parsed.error());
    body = std::move(*parsed);
  }
  const std::string comment = text_of(body, "comment");
  const auto answer = [this](const Result<access::GrantRow>& done) {
    return done ? json_response(200, row(*done)) : failed(done.error());
  };
  if (!caller.person.empty() || !caller.databases.empty()) {
    const auto grant = keeper_.find(*number);
    if (!grant) return failed(grant.error());
    if (!may_see(*grant, {caller.user, caller.person, caller.databases}))
      return problem(403, "it is neither yours nor yours to decide on");
  }
  if (what == "return") return answer(keeper_.give_back(caller.user, *number, comment));
  if (what == "revoke") return answer(keeper_.revoke(caller.user, caller.user, *number, comment));
  if (what == "review") {
    const std::string verdict = text_of(body, "verdict");
    if (verdict != "ok" && verdict != "concern") return problem(400, "verdict is ok or concern");
    return answer(keeper_.review(caller.user, *number, verdict == "concern", comment));
  }
  if (what == "extend") {
    const auto who = asker(request, caller);
    if (!who) return failed(who.error());
    return answer(keeper_.extend(
        *who, *number, {{}, {}, lasts_of(body), text_of(body, "reason"), text_of(body, "ticket")}));
  }
  return problem(404, "known: extend, return, revoke, review");
}

/// Whoever may open the state folder may end anything that is here, as they may disable users.
HttpResponse GrantApi::revoke_locally(const HttpRequest& request, std::string_view path) {
  const size_t slash = path.find('/');
  const auto number = number_in(path.substr(0, slash));
  if (!number || slash == std::string_view::npos || path.substr(slash + 1) != "revoke")
    return problem(401, "say who you are", "Only revoke is for whoever keeps the state folder.");
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  std::string actor = text_of(*body, "actor");
  if (actor.empty()) actor = "local administrator";
  const auto done = keeper_.revoke({}, actor, *number, text_of(*body, "comment"));
  return done ? json_response(200, row(*done)) : failed(done.error());
}

HttpResponse GrantApi::holdings(std::string_view query, const Reader& reader) {
  if (!reader.user.empty() &&
      (!reader.person.empty() || !keeper_.is_access_reviewer(reader.user))) {
    return problem(403, "who holds what is for the groups of access_review in the policy");
  }
  std::string user;
  const auto given = parameters_of(query);
  if (!given) return failed(given.error());
  for (const auto& [name, value] : *given) {
    if (name != "user") return problem(400, "known parameter: user");
    user = value;
  }
  const auto found = keeper_.holdings(user);
  if (!found) return failed(found.error());
  json::array out;
  for (const auto& held : *found) {
    json::object each{{"user", held.user}, {"kind", held.kind}, {"disabled", held.disabled},
                      {"what", held.what}, {"name", held.name}, {"database", held.database}};
    for (const auto& [name, micros] : {std::pair{"since", held.since_micros},
                                       {"until", held.until_micros},
                                       {"last_used", held.last_used_micros}})
      each[name] = micros == 0 ? json::value(nullptr) : json::value(format_time(micros));
    each["detail"] = to_printable_utf8(held.detail);
    each["decided"] = held.decided;
    out.push_back(std::move(each));
  }
  return json_response(200, out);
}

HttpResponse GrantApi::decide(const HttpRequest& request, const Caller& caller) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  identity::AccessDecision decision;
  decision.decision = text_of(*body, "decision");
  decision.holder = text_of(*body, "user");
  decision.what = text_of(*body, "what");
  decision.name = text_of(*body, "name");
  decision.comment = text_of(*body, "comment");
  decision.author = caller.user;
  if (decision.decision != "keep" && decision.decision != "revoke")
    return problem(400, "decision is keep or revoke");
  const auto done = keeper_.decide(decision);
  if (!done) return failed(done.error());
  return json_response(200, json::object{{"decision", decision.decision},
                                         {"user", decision.holder},
                                         {"what", decision.what},
                                         {"name", decision.name}});
}

HttpResponse GrantApi::get(const HttpRequest& request, std::string_view path,
                           const Reader& reader) {
  const size_t mark = request.path.find('?');
  const std::string_view query =
      mark == std::string::npos ? "" : std::string_view(request.path).substr(mark + 1);
  if (path == kAccess) return holdings(query, reader);
  if (path == kGrants) return list(request, query, reader);
  path.remove_prefix(kGrants.size() + 1);
  const auto number = number_in(path);
  return number ? show(*number, reader) : problem(404, "there is no such grant");
}

std::optional<HttpResponse> GrantApi::answer(const HttpRequest& request, bool local) {
  std::string_view path = request.path;
  path = path.substr(0, path.find('?'));
  const bool one = path.starts_with(std::string(kGrants) + "/");
  if (path != kAccess && path != kGrants && !one) return std::nullopt;
  if (request.method != "GET" && request.method != "POST")
    return problem(405, "only GET and POST are allowed");
  const bool trusted = local && request.authorization.empty();
  if (trusted && request.method == "GET") return get(request, path, {});
  if (trusted && one) return revoke_locally(request, path.substr(kGrants.size() + 1));
  const auto caller = who_asks(request, *gateway_.directory(), kScope);
  if (!caller) return refused(caller.error());
  if (request.method == "GET") return get(request, path, reader_for(request, *caller));
  if (path == kAccess) return decide(request, *caller);
  if (path == kGrants) return make(request, *caller);
  return act(request, *caller, path.substr(kGrants.size() + 1));
}

}  // namespace sluice::control
