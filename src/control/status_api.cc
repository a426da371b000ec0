#include "control/status_api.h"

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "base/bytes.h"
#include "control/anchor_report.h"
#include "control/body.h"
#include "control/caller.h"
#include "control/grant_api.h"
#include "control/paging.h"
#include "control/stream_report.h"
#include "control/visible_page.h"
#include "control/webhook_report.h"

namespace sluice::control {
namespace {

constexpr size_t kMostListed = 10'000;

boost::json::object row_of(const gateway::SessionInfo& s) {
  return {{"id", s.id},
          {"user", s.user},
          {"database", s.database},
          {"environment", s.environment},
          {"state", s.state},
          {"started", format_time(s.started_micros)},
          {"state_since", format_time(s.state_since_micros)},
          {"statements", s.statements},
          {"client", s.client_address},
          {"application", s.application},
          {"tls", s.tls},
          {"last_statement", to_printable_utf8(s.last_statement)},
          {"worker", s.worker}};
}

/// It is a second or two behind under full load.
constexpr Duration kIndexBehind = std::chrono::minutes(1);

int status_of(const Error& error) { return error.code == ErrorCode::kNotFound ? 404 : 502; }

prometheus::MetricFamily family(const std::string& name, const std::string& help,
                                prometheus::MetricType type, double value) {
  prometheus::MetricFamily out;
  out.name = name;
  out.help = help;
  out.type = type;
  prometheus::ClientMetric metric;
  metric.counter.value = value;
  metric.gauge.value = value;
  out.metric.push_back(metric);
  return out;
}

}  // namespace

void StatusApi::set_config(std::shared_ptr<const config::Config> config) {
  const std::lock_guard lock(mutex_);
  config_ = std::move(config);
}

StatusApi::Health StatusApi::health() {
  Health out;
  auto& [problems, warnings] = out;
  const auto health = log_.health();
  if (!health.writable) problems["audit log"] = health.problem;
  if (const auto directory = gateway_.directory(); !directory->why_lost().empty())
    problems["store"] = directory->why_lost();
  if (health.low_on_disk) {
    warnings["audit log"] = fmt::format(
        "{} MB are left on its disk; when it is full, statements are refused: make room, archive "
        "sooner (audit.archive) or keep less (audit.retention)",
        health.free_bytes >> 20);
  }
  if (health.index_behind > kIndexBehind) {
    warnings["audit index"] = fmt::format(
        "{} records are not in it yet: searches read them from the log, and take longer",
        health.index_lag_records());
  }
  if (upkeep_ != nullptr) {
    if (const auto left = upkeep_->unerased(); !left.why.empty())
      warnings["erasing"] = to_printable_utf8("not erased yet: " + left.why);
  }
  for (const auto& [database, problem] : checks_.problems(databases()))
    problems["database " + database] = problem;
  // Nobody who asks for data has to wait for a stream: the gateway is as ready without it.
  for (const auto& stream : streams()) {
    if (!stream.working) warnings["stream " + stream.name] = to_printable_utf8(stream.last_error);
  }
  if (anchors_ != nullptr) add_anchor_warnings(anchors_->states(), warnings);
  if (webhooks_ != nullptr) add_webhook_warnings(webhooks_->states(), warnings);
  return out;
}

std::vector<std::string> StatusApi::databases() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  if (config_ == nullptr) return names;
  for (const auto& database : config_->databases) names.push_back(database.name);
  return names;
}

HttpResponse StatusApi::ready() {
  const auto tell = [this] {
    const auto [problems, warnings] = health();
    const bool good = problems.empty();
    return json_response(good ? 200 : 503,
                         boost::json::object{{"status", good ? "ready" : "not ready"},
                                             {"problems", problems},
                                             {"warnings", warnings}});
  };
  if (!checks_.begin(databases())) return tell();
  HttpResponse response;
  response.whose = "readiness";
  response.later = tell;
  return response;
}

std::string StatusApi::metrics() {
  using prometheus::MetricType;
  const auto stats = gateway_.stats();
  const auto health = log_.health();
  std::vector<prometheus::MetricFamily> all;
  const auto counter = [&](const char* name, const char* help, uint64_t value) {
    all.push_back(family(name, help, MetricType::Counter, static_cast<double>(value)));
  };
  const auto gauge = [&](const char* name, const char* help, uint64_t value) {
    all.push_back(family(name, help, MetricType::Gauge, static_cast<double>(value)));
  };
  counter("sluice_connections_total", "Connections accepted from clients.",
          stats.connections_total);
  counter("sluice_logins_total", "Logins that succeeded.", stats.logins_ok_total);
  counter("sluice_login_failures_total", "Logins that were refused.", stats.logins_failed_total);
  counter("sluice_logins_limited_total", "Logins not even tried: too many had failed before.",
          stats.logins_limited_total);
  counter("sluice_statements_completed_total", "Statements that ran to their end.",
          stats.statements_allowed_total);
  counter("sluice_statements_denied_total", "Statements refused by a rule.",
          stats.statements_denied_total);
  counter("sluice_statements_failed_total", "Statements the server answered with an error.",
          stats.statements_failed_total);
  counter("sluice_rows_total", "Rows returned or changed.", stats.rows_total);
  counter("sluice_client_received_bytes_total", "Bytes received from clients.",
          stats.bytes_from_clients_total);
  counter("sluice_client_sent_bytes_total", "Bytes sent to clients.", stats.bytes_to_clients_total);
  counter("sluice_cancels_total", "Cancel requests that named a session.", stats.cancels_total);
  counter("sluice_analysis_cache_hits_total", "Statement texts understood before.",
          stats.analysis_cache_hits_total);
  counter("sluice_analysis_cache_misses_total", "Statement texts analysed.",
          stats.analysis_cache_misses_total);
  counter("sluice_server_connects_total", "Server connections opened.",
          stats.server_connects_total);
  counter("sluice_server_connect_failures_total", "Server connections that failed.",
          stats.server_connect_failures_total);
  counter("sluice_audit_records_total", "Last sequence number of the audit log.",
          health.last_sequence);
  gauge("sluice_sessions", "Sessions logged in.", stats.sessions);
  gauge("sluice_logins_in_progress", "Connections not yet logged in.", stats.logins_in_progress);
  gauge("sluice_server_connections_active", "Server connections held by sessions.",
        stats.server_connections_active);
  gauge("sluice_server_connections_idle", "Server connections waiting in pools.",
        stats.server_connections_idle);
  gauge("sluice_sessions_waiting", "Sessions waiting for a server connection.",
        stats.waiting_for_server);
  counter("sluice_audit_published_records_total", "Records that a signed checkpoint covers.",
          health.published_sequence);
  gauge("sluice_audit_index_lag_records",
        "Audit records that are not in the search index yet; searches read them from the log.",
        health.index_lag_records());
  all.push_back(family("sluice_audit_index_lag_seconds",
                       "How long the first of them has waited, at most; 0 where there is none.",
                       MetricType::Gauge,
                       std::chrono::duration<double>(health.index_behind).count()));
  gauge("sluice_audit_disk_free_bytes", "Free on the disk of the audit log.", health.free_bytes);
  gauge("sluice_audit_writable", "1 if the audit log can be written.", health.writable ? 1 : 0);
  if (upkeep_ != nullptr)
    gauge("sluice_audit_unerased_records",
          "Records that are noted to be erased and could not be yet.", upkeep_->unerased().records);
  if (keeper_ != nullptr) add_grant_metrics(keeper_->summary(), all);
  add_stream_metrics(streams(), all);
  if (anchors_ != nullptr) add_anchor_metrics(anchors_->states(), all);
  if (webhooks_ != nullptr) add_webhook_metrics(webhooks_->states(), all);
  return prometheus::TextSerializer().Serialize(all);
}

std::vector<stream::State> StatusApi::streams() const {
  return streams_ == nullptr ? std::vector<stream::State>() : streams_->states();
}

HttpResponse StatusApi::sessions(const HttpRequest& request) {
  const auto paging = paging_of(request.path, kMostListed, kAllOfIt);
  if (!paging) return failed(paging.error());
  const auto before = number_in(paging->cursor);
  if (!before && !paging->cursor.empty())
    return problem(400, "cursor is that of the address in Link, of the page before");
  const auto directory = gateway_.directory();
  auto all = gateway_.sessions();
  // By number, so that a page goes on where the one before has ended.
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return page_of(
      request.path, all, paging->limit,
      [&](const auto& s) { return !before || s.id > static_cast<uint64_t>(*before); },
      [&](const auto& s) { return shown_for(request, *directory, s.database); }, row_of,
      [](const auto& s) { return std::to_string(s.id); });
}

std::optional<HttpResponse> StatusApi::answer(const HttpRequest& request) {
  constexpr std::string_view kSessions = "/api/v1/sessions", kDatabases = "/api/v1/databases/",
                             kCheck = "/check";
  const std::string_view path = std::string_view(request.path).substr(0, request.path.find('?'));
  const bool get = request.method == "GET";
  if (get && path == "/api/v1/version") {
    return json_response(200, boost::json::object{{"version", SLUICE_VERSION},
                                                  {"reactor", gateway_.reactor_name()},
                                                  {"port", gateway_.port()}});
  }
  if (get && path == kSessions) return sessions(request);
  if (get && path == "/api/v1/streams") return json_response(200, stream_states(streams()));
  if (request.method == "DELETE" && path.starts_with(std::string(kSessions) + "/"))
    return kill(request, path.substr(kSessions.size() + 1));
  if (request.method == "POST" && path.starts_with(kDatabases) && path.ends_with(kCheck) &&
      path.size() > kDatabases.size() + kCheck.size()) {
    const std::string name(
        path.substr(kDatabases.size(), path.size() - kDatabases.size() - kCheck.size()));
    if (!shown_for(request, *gateway_.directory(), name))
      return problem(403, "what you have shown is not for this database");
    return check(name);
  }
  return std::nullopt;
}

HttpResponse StatusApi::kill(const HttpRequest& request, std::string_view id) {
  const auto number = number_in(id);
  if (!number) return problem(400, "not a session id");
  const auto directory = gateway_.directory();
  for (const auto& session : gateway_.sessions()) {
    if (session.id == static_cast<uint64_t>(*number) &&
        !shown_for(request, *directory, session.database))
      return problem(403, "what you have shown is not for the database of this session");
  }
  std::string by_whom = request.user;
  if (by_whom.empty()) by_whom = request.body.empty() ? "local administrator" : request.body;
  const auto killed = gateway_.kill(static_cast<uint64_t>(*number), by_whom);
  if (!killed) return problem(status_of(killed.error()), killed.error().text);
  return json_response(200, boost::json::object{{"killed", *number}});
}

HttpResponse StatusApi::check(const std::string& database) {
  const auto checked = gateway_.check_database(database);
  if (!checked) return problem(status_of(checked.error()), checked.error().text);
  return json_response(200, boost::json::object{{"database", database}, {"server", *checked}});
}

}  // namespace sluice::control
