#include "control/operator_api.h"

#include <algorithm>
#include <functional>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/clock.h"
#include "base/parse_time.h"
#include "control/body.h"
#include "control/reconciling.h"
#include "identity/ldap_directory.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

/// A request has its answer within 30 s.
constexpr auto kComparing = std::chrono::seconds(15);
constexpr size_t kFindings = 100, kMostFindings = 10'000;

std::string actor_of(const HttpRequest& request) {
  return request.user.empty() ? "local administrator" : request.user + " (over HTTP)";
}

/// True where it is there and true.
bool flag_of(const json::object& body, std::string_view name) {
  const auto* given = body.if_contains(name);
  return given != nullptr && given->is_bool() && given->get_bool();
}

json::object row_of(const config::LdapConfig& config, const std::string& user) {
  json::object row{{"directory", config.name},
                   {"urls", json::array(config.urls.begin(), config.urls.end())},
                   {"good", true},
                   {"state", "good"},
                   {"user", ""},
                   {"subject", ""},
                   {"groups", json::array()}};
  const auto found = identity::LdapDirectory(config).inspect(user);
  if (!found) {
    row["good"] = false;
    row["state"] = found.error().text;
  } else if (*found) {
    row["user"] = (*found)->user;
    row["subject"] = (*found)->subject;
    row["groups"] = json::array((*found)->groups.begin(), (*found)->groups.end());
  } else if (!user.empty()) {
    row["state"] = "nobody";
  }
  return row;
}

}  // namespace

void OperatorApi::set_config(std::shared_ptr<const config::Config> config) {
  const std::lock_guard lock(mutex_);
  config_ = std::move(config);
}

std::shared_ptr<const config::Config> OperatorApi::config() const {
  const std::lock_guard lock(mutex_);
  return config_;
}

std::optional<HttpResponse> OperatorApi::answer(const HttpRequest& request) {
  using Work = HttpResponse (OperatorApi::*)(const HttpRequest&);
  Work work = nullptr;
  if (request.method != "POST") return std::nullopt;
  if (request.path == "/api/v1/audit/erasures") work = &OperatorApi::erase;
  if (request.path == "/api/v1/audit/reconciliations") work = &OperatorApi::reconcile;
  if (request.path == "/api/v1/directories/check") work = &OperatorApi::check_directories;
  if (work == nullptr) return std::nullopt;
  HttpResponse response;
  response.whose = request.path;
  response.later = [this, request, work] { return (this->*work)(request); };
  return response;
}

HttpResponse OperatorApi::erase(const HttpRequest& request) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  const int64_t first = number_of(*body, "first"), last = number_of(*body, "last");
  const std::string reason = text_of(*body, "reason");
  if (first < 1 || last < first)
    return problem(400, "which records?", "first and last are numbers of records, from 1 on.");
  if (reason.empty()) return problem(400, "erasing records needs a reason");
  if (upkeep_ == nullptr) return problem(503, "the gateway is starting");
  const auto count = upkeep_->erase({static_cast<uint64_t>(first), static_cast<uint64_t>(last)},
                                    reason, actor_of(request));
  if (!count && count.error().code == ErrorCode::kUnavailable)
    return problem(503, count.error().text);
  if (!count) return failed(count.error());
  return json_response(200, json::object{{"erased", count->erased}, {"stayed", count->stayed}});
}

Result<> OperatorApi::tell(const HttpRequest& request, const std::string& word) {
  audit::SessionContext context;
  context.user = actor_of(request);
  audit::Event event;
  event.type = audit::EventType::kEvidence;
  event.time_micros = wall_micros();
  event.message = word;
  return log_.append_admin(context, event).transform([](uint64_t) {});
}

HttpResponse OperatorApi::reconcile(const HttpRequest& request) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  const auto config = this->config();
  const std::string name = text_of(*body, "database");
  const auto found = std::find_if(config->databases.begin(), config->databases.end(),
                                  [&](const auto& database) { return database.name == name; });
  if (found == config->databases.end()) return problem(404, "there is no database of that name");
  const auto since = parse_time(text_of(*body, "since"));
  if (!since) return failed(since.error());
  const int64_t limit = number_of(*body, "limit");
  const ReconcileWish wish{
      text_of(*body, "slot"), *since, flag_of(*body, "create_slot"), flag_of(*body, "keep"),
      limit > 0 ? std::min(static_cast<size_t>(limit), kMostFindings) : kFindings};
  const std::lock_guard lock(comparing_);
  auto local = store::open_local(audit_directory_.parent_path());
  if (!local) return failed(local.error());
  auto installation = open_store_();
  if (!installation) return failed(installation.error());
  auto secret = store::installation_secret(*installation);
  if (!secret) return failed(secret.error());
  const auto outcome =
      control::reconcile({*found, audit_directory_, *local, SecretString(std::move(*secret)),
                          [&](const std::string& word) { return tell(request, word); }, kComparing},
                         wish);
  if (!outcome && outcome.error().code == ErrorCode::kUnavailable)
    return problem(503, outcome.error().text);
  return outcome ? json_response(200, to_json(*outcome)) : failed(outcome.error());
}

HttpResponse OperatorApi::check_directories(const HttpRequest& request) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  const auto config = this->config();
  const std::string name = text_of(*body, "name"), user = text_of(*body, "user");
  json::array rows;
  for (const auto& directory : config->identity.directories) {
    if (name.empty() || name == directory.name) rows.push_back(row_of(directory, user));
  }
  if (rows.empty() && !name.empty()) return problem(404, "there is no directory of that name");
  return json_response(200, rows);
}

}  // namespace sluice::control
