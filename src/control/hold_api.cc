#include "control/hold_api.h"

#include <boost/json.hpp>

#include "audit/filters.h"
#include "audit/legal_holds.h"
#include "base/clock.h"
#include "control/body.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

constexpr std::string_view kPath = "/api/v1/audit/holds";

std::string author_of(const HttpRequest& request) {
  return request.user.empty() ? "local administrator" : request.user + " (over HTTP)";
}

}  // namespace

std::optional<HttpResponse> HoldApi::answer(const HttpRequest& request) {
  const std::string_view path = request.path;
  if (path == kPath && request.method == "GET") return list();
  if (path == kPath && request.method == "POST") return add(request);
  if (!path.starts_with(kPath) || path.substr(kPath.size(), 1) != "/" || request.method != "DELETE")
    return std::nullopt;
  const auto name = audit::parse_query_string(path.substr(kPath.size() + 1));
  if (!name || name->size() != 1) return problem(400, "not the name of a legal hold");
  return release(request, name->front().first);
}

HttpResponse HoldApi::list() {
  auto database = open_store_();
  if (!database) return failed(database.error());
  const auto holds = audit::stored_holds(*database);
  if (!holds) return failed(holds.error());
  json::array all;
  for (const auto& hold : *holds) {
    all.push_back(json::object{{"name", hold.name},
                               {"query", hold.query},
                               {"reason", hold.reason},
                               {"author", hold.author},
                               {"time", format_time(hold.time_micros)}});
  }
  return json_response(200, all);
}

HttpResponse HoldApi::add(const HttpRequest& request) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  auto database = open_store_();
  if (!database) return failed(database.error());
  const std::string name = text_of(*body, "name");
  const auto added = audit::add_hold(
      *database, {name, text_of(*body, "query"), text_of(*body, "reason"), author_of(request)});
  return added ? json_response(201, json::object{{"name", name}, {"held", true}})
               : failed(added.error());
}

HttpResponse HoldApi::release(const HttpRequest& request, const std::string& name) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  const std::string reason = text_of(*body, "reason");
  if (reason.empty()) return problem(400, "letting go of a legal hold needs a reason");
  auto database = open_store_();
  if (!database) return failed(database.error());
  const auto done = audit::release_hold(*database, name, reason, author_of(request));
  return done ? json_response(200, json::object{{"name", name}, {"released", true}})
              : failed(done.error());
}

}  // namespace sluice::control
