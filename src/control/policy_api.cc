#include "control/policy_api.h"

#include <algorithm>
#include <charconv>

#include <boost/json.hpp>

#include "audit/newest.h"
#include "base/clock.h"
#include "control/audit_questions.h"
#include "control/body.h"
#include "control/caller.h"
#include "control/explaining.h"
#include "control/lint_json.h"
#include "control/policy_json.h"
#include "control/recorded_statements.h"
#include "control/shadow_report.h"
#include "gateway/big_stack_thread.h"
#include "gateway/identified.h"
#include "gateway/session_scope.h"
#include "policy/cases.h"
#include "policy/replay.h"
#include "sql/analyse.h"
#include "sql/lint.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

// Where nobody says how many: they are read page by page.
constexpr size_t kMostReplayed = 100'000;  ///< some seconds
constexpr size_t kMostLookedAt = 1'000'000;

json::object to_json(const gateway::SourcedPolicy& policy) {
  json::object out{{"name", policy.policy->name()},
                   {"version", policy.policy->version()},
                   {"source", policy.source}};
  if (policy.number > 0) out["number"] = policy.number;
  return out;
}

json::object to_json(const store::PolicyVersion& version) {
  return json::object{{"number", version.number},
                      {"version", version.hash},
                      {"time", format_time(version.time_micros)},
                      {"author", version.author},
                      {"comment", version.comment}};
}

/// The newest `most`, or as many as are asked for; more only where `any` number is taken.
audit::Query statements_asked_for(const json::object& body, size_t most, bool any) {
  audit::Query query;
  query.type = "statement";
  query.user = text_of(body, "user");
  query.database = text_of(body, "database");
  query.since_micros = number_of(body, "since");
  query.until_micros = number_of(body, "until");
  const int64_t limit = number_of(body, "limit");
  query.limit = limit <= 0 ? most
                : any      ? static_cast<size_t>(limit)
                           : std::min(static_cast<size_t>(limit), most);
  return query;
}

HttpResponse not_shown_for() {
  return problem(403, "what you have shown is not for this database");
}

/// How who sends a request had logged in, as far as that is known.
approval::Login login_of(const HttpRequest& request, const identity::Directory& directory) {
  approval::Login out;
  const auto caller = who_asks(request, directory, "api");
  const auto* credential = caller ? directory.credential(caller->credential) : nullptr;
  if (credential != nullptr) out = approval::Login::of(*credential);
  out.client = request.peer;
  return out;
}

}  // namespace

std::optional<HttpResponse> PolicyApi::answer(const HttpRequest& request) {
  const std::string_view versions_path = "/api/v1/policy/versions";
  const std::string_view path = request.path;
  if (request.method == "GET") {
    if (path == "/api/v1/policy") return show();
    if (path == versions_path) return versions();
    if (path.starts_with(versions_path) && path[versions_path.size()] == '/')
      return version(path.substr(versions_path.size() + 1));
  }
  if (request.method == "PUT" && path == "/api/v1/policy") return save(request);
  if (request.method != "POST") return std::nullopt;
  if (request.path == "/api/v1/policy/explain") return explain(request);
  if (request.path == "/api/v1/policy/test") return test(request);
  if (request.path == "/api/v1/policy/replay") return replay(request);
  if (request.path == "/api/v1/policy/shadow") return shadow(request);
  if (request.path == "/api/v1/lint") return lint(request);
  return std::nullopt;
}

HttpResponse PolicyApi::show() {
  const auto policy = policies_.in_force();
  auto answer = to_json(policy);
  answer["text"] = policy.policy->text();
  if (const auto approvers = policies_.approvers(); !approvers.empty())
    answer["approve_by"] = json::array(approvers.begin(), approvers.end());
  return json_response(200, answer);
}

HttpResponse PolicyApi::save(const HttpRequest& request) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  const auto* expected = body->if_contains("expected");
  if (expected == nullptr || !expected->is_int64())
    return problem(400, "\"expected\" must be the number of the latest version, 0 for none");
  store::PolicyVersion next;
  next.text = text_of(*body, "text");
  next.author = author_of(request, *body);
  next.comment = text_of(*body, "comment");
  const std::string file = text_of(*body, "file");
  const std::string name = file.empty() ? "policy" : file;
  if (!policies_.approvers().empty())
    return propose(request, std::move(next), name, expected->get_int64());
  const auto saved = policies_.save(gateway_, std::move(next), name, expected->get_int64());
  if (!saved) return failed(saved.error());
  return json_response(200, to_json(*saved));
}

HttpResponse PolicyApi::propose(const HttpRequest& request, store::PolicyVersion next,
                                const std::string& name, int64_t expected) {
  const auto directory = gateway_.directory();
  next.author = request.user;
  std::string person = request.person;
  if (next.author.empty() && !request.authorization.empty()) {
    const auto caller = who_asks(request, *directory, "api");
    if (!caller) return problem(401, "who asks is not known", caller.error().text);
    next.author = caller->user;
    person = caller->person;
  }
  if (!person.empty() && person != next.author) {
    return problem(403, "whoever acts for somebody proposes no policies",
                   "The person themselves does: sluice login.");
  }
  if (proposals_ == nullptr || next.author.empty()) {
    return problem(403,
                   "policies are approved by somebody else than who saves them: say who you are",
                   "sluice login, or a token in SLUICE_TOKEN; policy.approve_by in the "
                   "configuration says who approves.");
  }
  const auto asked = proposals_->propose(*directory, next, name, expected, policies_.approvers(),
                                         login_of(request, *directory));
  if (!asked) return failed(asked.error());
  return json_response(202, json::object{{"waiting_for_approval", asked->number},
                                         {"why",
                                          "policies are approved by somebody else than who "
                                          "saves them (policy.approve_by)"}});
}

HttpResponse PolicyApi::versions() {
  const auto versions = policies_.versions();
  if (!versions) return failed(versions.error());
  json::array all;
  for (const auto& version : *versions) all.push_back(to_json(version));
  return json_response(200, all);
}

HttpResponse PolicyApi::version(std::string_view number) {
  int64_t wanted = 0;
  const char* const end = number.data() + number.size();
  const auto [rest, error] = std::from_chars(number.data(), end, wanted);
  if (error != std::errc() || rest != end) return problem(400, "not the number of a version");
  const auto found = policies_.version(wanted);
  if (!found) return failed(found.error());
  auto answer = to_json(*found);
  answer["name"] = gateway::stored_policy_name(found->number);
  answer["text"] = found->text;
  return json_response(200, answer);
}

policy::Principal PolicyApi::principal_of(const std::string& user) const {
  policy::Principal principal;
  principal.user = user;
  if (const auto* found = gateway_.directory()->find(user)) {
    principal.groups = found->groups;
    principal.kind = gateway::principal_kind(found->kind);
    principal.attributes = found->attributes;
  }
  return principal;
}

policy::Principal PolicyApi::principal_for(const std::string& user, const std::string& person,
                                           const std::string& end_user) const {
  policy::Principal principal = principal_of(user);
  const auto directory = gateway_.directory();
  if (!person.empty() && person != user) {
    principal.kind = policy::PrincipalKind::kAgent;
    principal.actors = {user, person};
    principal.chain = gateway::chain_of(*directory, principal, {}, principal.grants);
  }
  if (!end_user.empty()) gateway::limit_to_end_user(*directory, end_user, principal);
  return principal;
}

policy::Understand PolicyApi::understand() const {
  return [this](const policy::Target& target, std::string_view text) {
    auto understood = gateway_.understand(target.database, text);
    if (understood) return std::move(*understood);
    // A database that is gone, or cannot be asked: nothing of it is known, and nothing allowed.
    auto facts = std::make_shared<sql::StatementFacts>();
    facts->unanalysable = understood.error().text;
    facts->unanalysable_sqlstate = "55000";
    return policy::Understood{std::move(facts), nullptr};
  };
}

Result<std::shared_ptr<const policy::Policy>> PolicyApi::policy_in(const std::string& text,
                                                                   const std::string& file) const {
  if (text.empty()) return gateway_.policy();
  return policy::Policy::parse(text, file.empty() ? "policy" : file);
}

HttpResponse PolicyApi::explain(const HttpRequest& request) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  const auto target = gateway_.target(text_of(*body, "database"));
  if (!target) return failed(target.error());
  if (!shown_for(request, *gateway_.directory(), target->database)) return not_shown_for();
  std::string user = text_of(*body, "user");
  if (user.empty()) user = request.user;
  constexpr Roles kAsksForOthers = Role::kAuditor | Role::kAdmin;
  if (!request.user.empty() && user != request.user && !request.roles.meet(kAsksForOthers))
    return problem(403, "what others may do is told to auditors and administrators");
  const std::string end_user = text_of(*body, "end_user");
  std::string person = text_of(*body, "acts_for");
  if (person.empty() && user == request.user) person = request.person;
  const bool of_others = !end_user.empty() || (!person.empty() && person != request.person);
  if (!request.user.empty() && of_others && !request.roles.meet(kAsksForOthers))
    return problem(403, "what may be done for others is told to auditors and administrators");
  for (const auto& each : {user, person}) {
    if (!each.empty() && gateway_.directory()->find(each) == nullptr)
      return problem(404, "no user \"" + each + "\"; see: sluice user list");
  }
  const auto policy = policy_in(text_of(*body, "policy"), text_of(*body, "file"));
  if (!policy) return failed(policy.error());
  const auto understood = gateway_.understand(target->database, text_of(*body, "sql"));
  if (!understood) return failed(understood.error());
  policy::Circumstances now;
  now.now_micros = now.authenticated_micros = wall_micros();
  const auto explained = explain_statement(
      gateway_,
      {*policy, principal_for(user, person, end_user), *target, now, text_of(*body, "sql")},
      *understood);
  auto answer = explained.told;
  answer["facts"] = to_json(*understood->facts, understood->catalog.get());
  answer["decision"] = to_json(*explained.explanation.decision);
  answer["rules"] = to_json(explained.explanation.rules);
  return json_response(200, answer);
}

HttpResponse PolicyApi::test(const HttpRequest& request) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  const auto policy = policy_in(text_of(*body, "policy"), text_of(*body, "file"));
  if (!policy) return failed(policy.error());
  const auto cases = policy::parse_cases(text_of(*body, "cases"), text_of(*body, "cases_file"));
  if (!cases) return failed(cases.error());
  json::array results;
  for (const auto& result : policy::run_cases(*policy, *cases, understand(), wall_micros())) {
    json::array failures;
    for (const auto& failure : result.failures) failures.emplace_back(failure);
    results.push_back(json::object{{"name", result.the_case->name},
                                   {"line", result.the_case->line},
                                   {"passed", result.passed()},
                                   {"effect", policy::name_of(result.decision->effect)},
                                   {"rule", result.decision->rule},
                                   {"failures", std::move(failures)}});
  }
  return json_response(200, results);
}

HttpResponse PolicyApi::replay(const HttpRequest& request) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  const auto policy = policy_in(text_of(*body, "policy"), text_of(*body, "file"));
  if (!policy) return failed(policy.error());
  std::shared_ptr<const policy::Policy> before;
  if (const std::string old = text_of(*body, "old"); !old.empty()) {
    auto old_policy = policy_in(old, text_of(*body, "old_file"));
    if (!old_policy) return failed(old_policy.error());
    before = std::move(*old_policy);
  }
  if (const auto noted = note_reading(log_, request.user, "replayed over HTTP"); !noted)
    return failed(noted.error());
  const auto understands = understand();
  policy::Replay replay(before, *policy, understands);
  RecordedStatements statements([this](const std::string& user) {
    const bool known = gateway_.directory()->find(user) != nullptr;
    return known ? std::optional(principal_of(user)) : std::nullopt;
  });
  const auto truncated =
      audit::each_newest(audit_directory_, statements_asked_for(*body, kMostReplayed, true),
                         [&](audit::Record record) {
                           if (const auto statement = statements.take(std::move(record)))
                             replay.add(*statement);
                         });
  if (!truncated) return failed(truncated.error());
  auto report = to_json(replay.finish());
  report["truncated"] = *truncated;
  return json_response(200, report);
}

HttpResponse PolicyApi::shadow(const HttpRequest& request) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  if (const auto noted = note_reading(log_, request.user, "looked at for shadow rules over HTTP");
      !noted)
    return failed(noted.error());
  const auto report =
      shadow_report(audit_directory_, statements_asked_for(*body, kMostLookedAt, false));
  if (!report) return failed(report.error());
  return json_response(200, *report);
}

HttpResponse PolicyApi::lint(const HttpRequest& request) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  const std::string database = text_of(*body, "database");
  if (!shown_for(request, *gateway_.directory(), database)) return not_shown_for();
  // What the script says of nothing gives the catalog.
  const auto understood = gateway_.understand(database, "");
  if (!understood) return failed(understood.error());
  const std::string script = text_of(*body, "sql");
  const sql::Scope scope{understood->catalog, {"pg_catalog", "public"}};
  std::vector<sql::Finding> findings;
  {
    const gateway::BigStackThread thread(sql::kAnalyserStackBytes, "lint",
                                         [&] { findings = sql::lint(script, scope); });
  }
  json::array all;
  for (const auto& finding : findings) all.push_back(to_json(finding));
  return json_response(200, all);
}

}  // namespace sluice::control
