#include "control/api.h"

#include <boost/json.hpp>

#include "control/caller.h"
#include "control/entity_tag.h"
#include "control/known_fields.h"
#include "control/openapi.h"
#include "control/problem.h"

namespace sluice::control {
namespace {

/// The first of them that knows the path.
template <typename... Parts>
std::optional<HttpResponse> first_of(const HttpRequest& request, Parts&... parts) {
  std::optional<HttpResponse> answer;
  ((parts && (answer = parts->answer(request))) || ...);
  return answer;
}

}  // namespace

void Api::set_config(std::shared_ptr<const config::Config> config) {
  if (!query_) query_.emplace(gateway_, config->listen_postgres.host);
  if (session_) session_->set_config(config);
  if (models_) models_->set_config(config);
  status_.set_config(config);
  operator_.set_config(config);
  door_.set_config(std::move(config));
}

void Api::set_databases(gateway::DatabaseKeeper& databases) {
  databases_.emplace(gateway_, databases);
  set_config(databases.in_force());
  databases.on_taken([this](auto config) { set_config(std::move(config)); });
}

void Api::set_work(approval::Desk& desk, change::Changes& changes, access::Keeper& keeper) {
  approvals_.emplace(gateway_, desk);
  changes_.emplace(gateway_, changes, desk);
  grants_.emplace(gateway_, keeper);
  status_.set_keeper(keeper);
  overview_.emplace(OverviewApi::Sources{gateway_, log_, status_, door_, desk, changes, keeper,
                                         audit_directory_});
}

void Api::set_login(std::unique_ptr<LoginApi> login, std::unique_ptr<OidcApi> identity) {
  login_ = std::move(login);
  identity_ = std::move(identity);
  session_.emplace(gateway_, door_.config(), *login_, *identity_, open_store_);
}

std::optional<HttpResponse> Api::answer_open(const HttpRequest& request) {
  if (request.path == "/api/v1/openapi.json") return tagged(request, json_response(200, openapi()));
  return first_of(request, witness_, answers_, session_, login_, identity_, scim_, mcp_, models_);
}

HttpResponse Api::answer_public(const HttpRequest& received) {
  auto answer = answer_anybody(received);
  if (!answer.later) return door_.slowed(received, std::move(answer));
  HttpRequest asked;
  asked.peer = received.peer;
  asked.authorization = received.authorization;
  if (const auto key = received.header("x-api-key"); !key.empty())
    asked.headers["x-api-key"] = std::string(key);
  answer.later = [this, asked = std::move(asked), make = std::move(answer.later)] {
    return door_.slowed(asked, make());
  };
  return answer;
}

HttpResponse Api::answer_anybody(const HttpRequest& received) {
  HttpRequest request = received;
  if (auto refused = door_.stop(request)) return std::move(*refused);
  if (request.roles.any() && query_ && QueryApi::ends_one(request))
    return repeated_.once(request, [&] { return *query_->answer(request); });
  if (request.roles.any()) return later(std::move(request));
  if (auto refused = wrong_fields(request)) return std::move(*refused);
  if (auto answer = answer_open(request)) return std::move(*answer);
  if (console_) {
    if (auto answer = console_->answer(request)) return std::move(*answer);
  }
  if (request.method != "GET" && request.method != "HEAD")
    return problem(405, "only GET is allowed");
  if (request.path == "/healthz") return json_response(200, boost::json::object{{"status", "ok"}});
  if (request.path == "/readyz") return status_.ready();
  if (request.path == "/metrics")
    return {200, "text/plain; version=0.0.4; charset=utf-8", status_.metrics()};
  if (auto answer = evidence_.answer_public(request)) return std::move(*answer);
  if (request.path == "/") {
    return problem(404, "the console is not installed",
                   "./dev web builds it; api.console or SLUICE_CONSOLE says where it is.");
  }
  return problem(404, "not found", "Known here: /healthz, /readyz, /metrics, /tlog/checkpoint.");
}

/// /healthz does not wait for what somebody asks, nor do others for all that one does.
HttpResponse Api::later(HttpRequest request) {
  // Of HEAD the server sends what is above the body of GET; of what has no end that is all.
  const bool only_head = request.method == "HEAD";
  if (only_head) request.method = "GET";
  HttpResponse response;
  response.whose = share_of_user(request.user);
  response.later = [this, only_head, request = std::move(request)] {
    auto made = tagged(request, repeated_.once(request, [&] {
      if (auto refused = wrong_fields(request)) return std::move(*refused);
      auto answer = answer_known(request);
      return answer.later ? answer.later() : std::move(answer);
    }));
    if (only_head) {
      made.stream = nullptr;
    } else if (made.stream) {
      made.stream = [this, request, more = std::move(made.stream)] {
        return door_.still_lets_in(request) ? more() : std::nullopt;
      };
    }
    return made;
  };
  return response;
}

HttpResponse Api::answer_known(const HttpRequest& request) {
  const bool local = request.user.empty();
  if (request.path == "/api/v1/audit/witness-key" && request.method == "GET") {
    if (!witness_)
      return problem(404, "this gateway is no witness: audit.witness in its configuration");
    return json_response(200, boost::json::object{{"key", witness_->key().text()}});
  }
  if (request.path == "/api/v1/openapi.json") return json_response(200, openapi());
  std::optional<HttpResponse> answer;
  const auto people = [&](auto& part) {
    return part && (answer = part->answer(request, local)).has_value();
  };
  if (people(approvals_) || people(undo_) || people(changes_) || people(grants_) || people(agents_))
    return std::move(*answer);
  if ((answer = status_.answer(request)) || (answer = evidence_.answer_local(request)) ||
      (answer = holds_.answer(request)) || (answer = operator_.answer(request)) ||
      (answer = audit_.answer(request, own_of(request, *gateway_.directory()))) ||
      (answer = provenance_.answer(request)) || (answer = policy_.answer(request)) ||
      (answer = data_.answer(request)) || (answer = scim_tokens_.answer(request)) ||
      (answer = users_.answer(request)) ||
      (answer = first_of(request, databases_, overview_, query_, session_)))
    return std::move(*answer);
  return problem(404, "not found", "GET /api/v1/openapi.json tells what there is.");
}

HttpResponse Api::answer_local(const HttpRequest& received) {
  HttpRequest request = received;
  request.user.clear();
  request.person.clear();
  request.roles = {};
  if (auto answer = first_of(request, login_, identity_)) return std::move(*answer);
  return answer_known(request);
}

}  // namespace sluice::control
