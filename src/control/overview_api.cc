#include "control/overview_api.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "audit/record_json.h"
#include "audit/search.h"
#include "base/clock.h"
#include "control/approval_api.h"
#include "control/body.h"
#include "control/caller.h"
#include "control/own.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

constexpr size_t kMostDrift = 20;
constexpr size_t kMostCounted = 10'000;
constexpr Roles kReadsAll = Role::kAuditor | Role::kAdmin;

/// The operator, at the local socket, sees all.
bool sees_all(const HttpRequest& request) {
  return request.user.empty() || request.roles.meet(kReadsAll);
}

json::object totals_of(const gateway::Stats& stats) {
  return {{"connections", stats.connections_total},
          {"sessions", stats.sessions},
          {"logins", stats.logins_ok_total},
          {"login_failures", stats.logins_failed_total},
          {"statements", stats.statements_allowed_total},
          {"denied", stats.statements_denied_total},
          {"failed", stats.statements_failed_total},
          {"rows", stats.rows_total},
          {"bytes_to_clients", stats.bytes_to_clients_total},
          {"masked_values", stats.masked_values_total}};
}

json::array sessions_of(const std::vector<gateway::SessionInfo>& sessions) {
  std::map<std::tuple<std::string, std::string, std::string>, int64_t> counts;
  for (const auto& each : sessions) ++counts[{each.user, each.database, each.state}];
  json::array out;
  for (const auto& [key, count] : counts) {
    out.push_back(json::object{{"user", std::get<0>(key)},
                               {"database", std::get<1>(key)},
                               {"state", std::get<2>(key)},
                               {"count", count}});
  }
  return out;
}

json::object audit_of(const audit::Log::Health& health) {
  return {{"writable", health.writable},
          {"last_sequence", health.last_sequence},
          {"published_sequence", health.published_sequence},
          {"index_lag_records", health.index_lag_records()},
          {"index_lag_seconds", std::chrono::duration<double>(health.index_behind).count()},
          {"free_bytes", health.free_bytes},
          {"low_on_disk", health.low_on_disk}};
}

}  // namespace

std::optional<HttpResponse> OverviewApi::answer(const HttpRequest& request) {
  if (request.method != "GET") return std::nullopt;
  if (request.path == "/api/v1/overview") return overview(request);
  if (request.path == "/api/v1/settings") return settings();
  return std::nullopt;
}

/// What the lists of it show to whoever asks.
json::object OverviewApi::waiting(const HttpRequest& request) {
  const auto directory = from_.gateway.directory();
  Reader reader = sees_all(request) ? Reader{} : Reader{request.user, request.person};
  const auto* shown = directory->credential_of_secret(bearer_of(request));
  if (shown != nullptr) reader.databases = shown->databases;
  const auto eyes = eyes_of(reader, from_.desk, *directory);
  const auto count = [](const auto& found, const auto& seen) {
    return found ? std::count_if(found->begin(), found->end(), seen) : 0;
  };
  const auto asked = [&](const approval::Request& each) { return may_see(each, *directory, eyes); };
  approval::Wanted approvals;
  approvals.state = approval::find_state("waiting");
  approvals.limit = kMostCounted;
  change::Wanted changes;
  changes.state = change::State::kWaiting;
  changes.limit = kMostCounted;
  identity::WantedGrants grants;
  grants.state = identity::GrantState::kWaiting;
  grants.limit = kMostCounted;
  return {{"approvals", count(from_.desk.list(approvals), asked)},
          {"changes",
           count(from_.changes.list(changes),
                 [&](const change::Change& each) {
                   const std::string person = each.actors.empty() ? "" : each.actors.back();
                   if (!reader.sees_databases(fmt::format("{}", fmt::join(each.targets, ", "))))
                     return false;
                   if (reader.user.empty() ||
                       is_theirs(*directory, reader, each.requester, person, each.created_micros))
                     return true;
                   const auto found = from_.desk.find(each.request);
                   return found && asked(*found);
                 })},
          {"grants", count(from_.keeper.list(grants), [&](const access::GrantRow& each) {
             if (!reader.sees_databases(each.database)) return false;
             if (reader.user.empty()) return true;
             return reader.person.empty() ? from_.keeper.may_see(reader.user, each)
                                          : is_theirs(*directory, reader, each.holder,
                                                      each.acts_for, each.created_micros);
           })}};
}

json::array OverviewApi::drift() {
  audit::Query query;
  query.type = "schema_drift";
  query.limit = kMostDrift;
  json::array out;
  const auto found = audit::search(from_.audit_directory, query);
  if (!found) return out;
  for (auto each = found->rbegin(); each != found->rend(); ++each)
    out.push_back(audit::to_json(*each));
  return out;
}

HttpResponse OverviewApi::overview(const HttpRequest& request) {
  json::object out{{"time", format_time(wall_micros())}, {"waiting", waiting(request)}};
  // Totals, health and drift are of all databases.
  const auto directory = from_.gateway.directory();
  const auto* shown = directory->credential_of_secret(bearer_of(request));
  const bool of_some = shown != nullptr && !shown->databases.empty();
  if (of_some || !sees_all(request)) return json_response(200, out);
  out["sessions"] = sessions_of(from_.gateway.sessions());
  out["totals"] = totals_of(from_.gateway.stats());
  out["audit"] = audit_of(from_.log.health());
  out["drift"] = drift();
  auto health = from_.status.health();
  out["problems"] = std::move(health.problems);
  out["warnings"] = std::move(health.warnings);
  return json_response(200, out);
}

HttpResponse OverviewApi::settings() {
  const auto config = from_.door.config();
  std::ifstream in(config->file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  // Literal passwords are allowed in demonstrations alone, and not shown there either.
  if (config->demo) text = "# a demonstration, with passwords in it: not shown\n";
  json::object listen{{"postgres", from_.gateway.port()}};
  if (config->listen_http) listen["http"] = config->listen_http->port;
  return json_response(200, json::object{{"version", SLUICE_VERSION},
                                         {"reactor", from_.gateway.reactor_name()},
                                         {"file", config->file.string()},
                                         {"config_text", to_printable_utf8(text)},
                                         {"listen", std::move(listen)},
                                         {"shared_store", config->store.shared()},
                                         {"api_url", config->api.url}});
}

}  // namespace sluice::control
