#include "control/database_api.h"

#include <algorithm>
#include <array>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/clock.h"
#include "control/body.h"
#include "control/caller.h"
#include "gateway/wanted_database.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

using Kept = gateway::DatabaseKeeper::Kept;

constexpr std::string_view kPath = "/api/v1/databases";

/// The operator, at the local socket, sees all.
bool sees_all(const HttpRequest& request) {
  return request.user.empty() || request.roles.meet(Role::kAuditor | Role::kAdmin);
}

json::object row_of(const config::DatabaseConfig& database) {
  return json::object{{"name", database.name},
                      {"environment", database.environment},
                      {"masking", database.masking}};
}

/// Where it is, for those who see all.
void add_place(json::object& row, const config::DatabaseConfig& database) {
  row["host"] = database.host;
  row["port"] = database.port;
  row["server_database"] = database.server_database;
  row["user"] = database.user;
  row["stamp_writes"] = database.stamp_writes;
  row["pool_size"] = database.pool.size;
  row["source"] = "file";
}

void add_kept(json::object& row, const Kept& kept) {
  row["source"] = "store";
  row["url"] = kept.row.url;
  if (!kept.row.authority.empty()) row["authority"] = kept.row.authority;
  row["changed_by"] = kept.row.author;
  row["changed"] = format_time(kept.row.changed_micros);
}

/// One that cannot be used here: as it was given.
json::object unused_row(const Kept& kept) {
  json::object row{{"name", kept.row.name},
                   {"environment", kept.row.environment},
                   {"masking", kept.row.masking},
                   {"user", kept.row.user},
                   {"stamp_writes", kept.row.stamp_writes},
                   {"pool_size", kept.row.pool_size},
                   {"problem", kept.problem}};
  add_kept(row, kept);
  return row;
}

/// What a body says, as far as its types are right.
class Wanted {
 public:
  explicit Wanted(const json::object& body) : body_(body) {}

  std::string text(std::string_view name) {
    const auto* value = find(name);
    if (value == nullptr) return {};
    if (value->is_string()) return std::string(value->get_string());
    return wrong(name, "a text"), std::string();
  }
  bool boolean(std::string_view name, bool otherwise) {
    const auto* value = find(name);
    if (value == nullptr) return otherwise;
    if (value->is_bool()) return value->get_bool();
    return wrong(name, "true or false"), otherwise;
  }
  unsigned count(std::string_view name, unsigned otherwise) {
    const auto* value = find(name);
    if (value == nullptr) return otherwise;
    if (value->is_int64() && value->get_int64() > 0 && value->get_int64() <= 10'000)
      return static_cast<unsigned>(value->get_int64());
    return wrong(name, "a number from 1 to 10000"), otherwise;
  }
  /// The first thing that is not as it should be.
  Result<> checked() {
    constexpr std::array<std::string_view, 11> kKnown = {
        "name",    "environment",  "url",       "user",       "password", "authority",
        "masking", "stamp_writes", "pool_size", "check_only", "author"};
    for (const auto& [key, value] : body_) {
      if (std::find(kKnown.begin(), kKnown.end(), std::string_view(key)) == kKnown.end())
        return fail(ErrorCode::kInvalidInput,
                    fmt::format("{}: there is no such field", std::string_view(key)));
    }
    if (!problem_.empty()) return fail(ErrorCode::kInvalidInput, problem_);
    return {};
  }

 private:
  const json::value* find(std::string_view name) const {
    const auto* value = body_.if_contains(name);
    return value == nullptr || value->is_null() ? nullptr : value;
  }
  void wrong(std::string_view name, std::string_view expected) {
    if (problem_.empty()) problem_ = fmt::format("{}: expected {}", name, expected);
  }

  const json::object& body_;
  std::string problem_;
};

json::object to_json(const gateway::Trial& trial) {
  return json::object{{"server", trial.server},
                      {"warnings", json::array(trial.warnings.begin(), trial.warnings.end())}};
}

}  // namespace

std::optional<HttpResponse> DatabaseApi::answer(const HttpRequest& request) {
  const std::string_view path = std::string_view(request.path).substr(0, request.path.find('?'));
  if (path == kPath && request.method == "GET") return list(request);
  if (path == kPath && request.method == "POST") return keep(request, "");
  if (!path.starts_with(std::string(kPath) + "/")) return std::nullopt;
  const std::string name(path.substr(kPath.size() + 1));
  if (name.empty() || name.find('/') != std::string::npos) return std::nullopt;
  if (request.method != "PUT" && request.method != "DELETE") return std::nullopt;
  if (!shown_for(request, *gateway_.directory(), name))
    return problem(403, "what you have shown is not for this database");
  return request.method == "PUT" ? keep(request, name) : remove(request, name);
}

HttpResponse DatabaseApi::list(const HttpRequest& request) {
  const auto directory = gateway_.directory();
  const auto config = keeper_.in_force();
  const auto kept = keeper_.kept();
  const bool all = sees_all(request);
  json::array out;
  for (const auto& database : config->databases) {
    if (!shown_for(request, *directory, database.name)) continue;
    json::object row = row_of(database);
    if (all) add_place(row, database);
    for (const auto& each : kept) {
      if (!all || each.row.name != database.name) continue;
      if (each.problem.empty()) {
        add_kept(row, each);
      } else {
        row["problem"] = "one of this name that was added is not used: " + each.problem;
      }
    }
    out.push_back(std::move(row));
  }
  for (const auto& each : kept) {
    if (all && !each.problem.empty() && !keeper_.in_file(each.row.name) &&
        shown_for(request, *directory, each.row.name))
      out.push_back(unused_row(each));
  }
  return json_response(200, out);
}

HttpResponse DatabaseApi::keep(const HttpRequest& request, const std::string& name) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  Wanted wanted(*body);
  store::KeptDatabase row;
  row.name = name.empty() ? wanted.text("name") : name;
  row.environment = wanted.text("environment");
  row.url = wanted.text("url");
  row.user = wanted.text("user");
  row.authority = wanted.text("authority");
  row.masking = wanted.boolean("masking", true);
  row.stamp_writes = wanted.boolean("stamp_writes", false);
  row.pool_size = wanted.count("pool_size", config::PoolConfig().size);
  row.author = author_of(request, *body);
  const bool check_only = wanted.boolean("check_only", false);
  std::optional<SecretString> password;
  if (std::string text = wanted.text("password"); !text.empty())
    password = SecretString(std::move(text));
  if (const auto good = wanted.checked(); !good) return failed(good.error());
  auto prepared =
      keeper_.prepare(std::move(row), std::move(password), name.empty(), request.user.empty());
  if (!prepared) return failed(prepared.error());
  return keep_prepared(std::move(*prepared), check_only);
}

HttpResponse DatabaseApi::keep_prepared(gateway::PreparedDatabase prepared, bool check_only) {
  const auto trial = gateway::try_database(prepared.config, keeper_.in_force()->listen_postgres);
  if (!trial.worked()) return did_not_work(prepared, trial);
  auto answer = to_json(trial);
  const store::KeptDatabase row = prepared.row;
  if (check_only) {
    const auto left = keeper_.leave_word(
        row.author, fmt::format("database {} tried: {}", row.name, gateway::words_of(row)));
    return left ? json_response(200, answer) : failed(left.error());
  }
  const bool is_new = !prepared.before;
  if (const auto kept = keeper_.keep(gateway_, std::move(prepared)); !kept)
    return failed(kept.error());
  answer["name"] = row.name;
  return json_response(is_new ? 201 : 200, answer);
}

HttpResponse DatabaseApi::did_not_work(const gateway::PreparedDatabase& prepared,
                                       const gateway::Trial& trial) {
  const auto& row = prepared.row;
  const auto left =
      keeper_.leave_word(row.author, fmt::format("database {} tried, and it did not work: {}; {}",
                                                 row.name, trial.problem, gateway::words_of(row)));
  if (!left) return failed(left.error());
  auto answer = problem(422, trial.problem, trial.next);
  auto body = json::parse(answer.body).as_object();
  body["reason"] = trial.reason;
  answer.body = json::serialize(body) + "\n";
  return answer;
}

HttpResponse DatabaseApi::remove(const HttpRequest& request, const std::string& name) {
  std::string author = request.user.empty() ? request.body : request.user + " (over HTTP)";
  if (author.empty()) author = "local administrator";
  const auto removed = keeper_.remove(gateway_, name, author);
  if (!removed) return failed(removed.error());
  return json_response(200, json::object{{"removed", name}});
}

}  // namespace sluice::control
