#include "control/scim_api.h"

#include <algorithm>
#include <charconv>
#include <map>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/hash.h"
#include "control/caller.h"
#include "identity/oidc_provider.h"
#include "identity/scim_store.h"
#include "net/peer_network.h"
#include "scim/filter.h"
#include "scim/patch.h"
#include "scim/schemas.h"
#include "store/state.h"

namespace sluice::control {
namespace {

namespace json = boost::json;
using identity::ScimStore;
using scim::Outcome;
using scim::Problem;

constexpr std::string_view kRoot = "/scim/v2";
constexpr int64_t kUsualPage = 100;
constexpr int64_t kLargestPage = 1000;

HttpResponse scim_response(int status, const json::value& value) {
  return {status, "application/scim+json", json::serialize(value) + "\n"};
}

HttpResponse refused(const Problem& problem) {
  return scim_response(problem.status, to_json(problem));
}

tl::unexpected<Problem> problem_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNotFound:
      return scim::refuse(404, "", error.text);
    case ErrorCode::kExists:
      return scim::refuse(409, "uniqueness", error.text);
    case ErrorCode::kInvalidInput:
      return scim::refuse(400, "invalidValue", error.text);
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout:
      return scim::refuse(503, "", error.text);
    default:
      return scim::refuse(500, "", error.text);
  }
}

/// What is different between users and groups.
template <typename Resource>
struct Of;

template <>
struct Of<scim::User> {
  static constexpr auto kKind = scim::Kind::kUser;
  static constexpr const char* kName = "userName";
  static auto get(ScimStore& store, const std::string& id) { return store.user(id); }
  static auto list(ScimStore& store, const identity::ScimLookup& lookup, bool) {
    return store.users(lookup);
  }
  static auto remove(ScimStore& store, const std::string& id) { return store.remove_user(id); }
  static auto read(const json::object& body) { return scim::read_user(body); }
};

template <>
struct Of<scim::Group> {
  static constexpr auto kKind = scim::Kind::kGroup;
  static constexpr const char* kName = "displayName";
  static auto get(ScimStore& store, const std::string& id) { return store.group(id); }
  static auto list(ScimStore& store, const identity::ScimLookup& lookup, bool with_members) {
    return store.groups(lookup, with_members);
  }
  static auto remove(ScimStore& store, const std::string& id) { return store.remove_group(id); }
  static auto read(const json::object& body) { return scim::read_group(body); }
};

using Query = std::map<std::string, std::string>;

/// One request about users or groups.
template <typename Resource>
class Work {
 public:
  Work(store::Database& database, const std::string& actor, const HttpRequest& request,
       const Query& query, std::string base)
      : database_(database),
        store_(database, actor),
        request_(request),
        query_(query),
        base_(std::move(base)) {}

  Outcome<HttpResponse> all() {
    if (request_.method == "GET") return listing();
    if (request_.method == "POST") return add();
    return scim::refuse(405, "", "only GET and POST are allowed here");
  }

  Outcome<HttpResponse> one(const std::string& id) {
    if (request_.method == "GET") return show(id);
    if (request_.method == "PUT" || request_.method == "PATCH") return change(id);
    if (request_.method == "DELETE") return remove(id);
    return scim::refuse(405, "", "only GET, PUT, PATCH and DELETE are allowed here");
  }

 private:
  using As = Of<Resource>;

  std::string parameter(const char* name) const {
    const auto found = query_.find(name);
    return found == query_.end() ? std::string() : found->second;
  }

  Outcome<int64_t> number(const char* name, int64_t otherwise) const {
    const std::string text = parameter(name);
    if (text.empty()) return otherwise;
    int64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || rest != end)
      return scim::refuse(400, "invalidValue", fmt::format("{} must be a number", name));
    return value;
  }

  json::object shown(const Resource& resource) const {
    json::object out = to_json(resource, base_);
    keep_attributes(out, parameter("attributes"), parameter("excludedAttributes"), As::kKind);
    return out;
  }

  HttpResponse told(int status, const Resource& resource) const {
    HttpResponse response = scim_response(status, shown(resource));
    response.headers = {
        {"ETag", scim::etag_of(resource.meta.version)},
        {"Location", std::string(to_json(resource, base_).at("meta").at("location").as_string())}};
    return response;
  }

  Outcome<json::object> body() const {
    json::error_code error;
    auto value = json::parse(request_.body, error);
    if (error || !value.is_object())
      return scim::refuse(400, "invalidSyntax", "the body is no JSON object");
    return std::move(value.get_object());
  }

  Outcome<HttpResponse> listing() {
    const auto start = number("startIndex", 1);
    const auto count = number("count", kUsualPage);
    if (!start) return tl::unexpected<Problem>(start.error());
    if (!count) return tl::unexpected<Problem>(count.error());
    std::optional<scim::Filter> filter;
    identity::ScimLookup lookup;
    if (!parameter("filter").empty()) {
      auto parsed = scim::Filter::parse(parameter("filter"), As::kKind);
      if (!parsed) return tl::unexpected<Problem>(parsed.error());
      lookup.id = parsed->must_equal("id");
      lookup.name = parsed->must_equal(As::kName);
      lookup.external_id = parsed->must_equal("externalId");
      filter = std::move(*parsed);
    }
    const auto unwanted = scim::lower(parameter("excludedAttributes"));
    const bool members = filter || unwanted.find("members") == std::string::npos;
    auto found = As::list(store_, lookup, members);
    if (!found) return problem_of(found.error());
    if (filter) {
      std::erase_if(*found,
                    [&](const Resource& each) { return !filter->matches(to_json(each, base_)); });
    }
    const int64_t total = static_cast<int64_t>(found->size());
    const int64_t first = std::max<int64_t>(*start, 1);
    const int64_t most = std::clamp<int64_t>(*count, 0, kLargestPage);
    json::array page;
    for (int64_t at = first - 1; at < total && at - (first - 1) < most; ++at)
      page.push_back(shown((*found)[static_cast<size_t>(at)]));
    return scim_response(200, scim::list_response(std::move(page), static_cast<size_t>(total),
                                                  static_cast<size_t>(first)));
  }

  Outcome<HttpResponse> show(const std::string& id) {
    const auto found = As::get(store_, id);
    if (!found) return problem_of(found.error());
    if (!request_.header("if-none-match").empty() &&
        scim::names_etag(request_.header("if-none-match"), found->meta.version)) {
      HttpResponse same;
      same.status = 304;
      same.headers = {{"ETag", scim::etag_of(found->meta.version)}};
      return same;
    }
    return told(200, *found);
  }

  Outcome<HttpResponse> add() {
    const auto given = body();
    if (!given) return tl::unexpected<Problem>(given.error());
    const auto read = As::read(*given);
    if (!read) return tl::unexpected<Problem>(read.error());
    const auto made = store_.add(*read);
    if (!made) return problem_of(made.error());
    return told(201, *made);
  }

  Outcome<> check_version(const Resource& now) const {
    if (request_.header("if-match").empty() ||
        scim::names_etag(request_.header("if-match"), now.meta.version))
      return {};
    return scim::refuse(412, "", "it has been changed since it was read: read it again");
  }

  /// What it becomes by the body.
  Outcome<Resource> next_of(const Resource& now) const {
    const auto given = body();
    if (!given) return tl::unexpected<Problem>(given.error());
    if (request_.method == "PUT") return As::read(*given);
    json::object resource = to_json(now, base_);
    if (const auto done = apply_patch(*given, As::kKind, resource); !done)
      return tl::unexpected<Problem>(done.error());
    return As::read(resource);
  }

  Outcome<HttpResponse> change(const std::string& id) {
    // What it is changed from stays so until it is changed.
    auto transaction = store::Transaction::begin(database_);
    if (!transaction) return problem_of(transaction.error());
    const auto now = As::get(store_, id);
    if (!now) return problem_of(now.error());
    if (const auto right = check_version(*now); !right)
      return tl::unexpected<Problem>(right.error());
    const auto next = next_of(*now);
    if (!next) return tl::unexpected<Problem>(next.error());
    const auto changed = store_.put(id, *next);
    if (!changed) return problem_of(changed.error());
    if (const auto committed = transaction->commit(); !committed)
      return problem_of(committed.error());
    HttpResponse response = told(200, *changed);
    // A group may have many members, whom nobody asked for.
    if (request_.method == "PATCH" && As::kKind == scim::Kind::kGroup &&
        !query_.contains("attributes")) {
      response.status = 204;
      response.body.clear();
    }
    return response;
  }

  Outcome<HttpResponse> remove(const std::string& id) {
    auto transaction = store::Transaction::begin(database_);
    if (!transaction) return problem_of(transaction.error());
    const auto now = As::get(store_, id);
    if (!now) return problem_of(now.error());
    if (const auto right = check_version(*now); !right)
      return tl::unexpected<Problem>(right.error());
    if (const auto removed = As::remove(store_, id); !removed) return problem_of(removed.error());
    if (const auto committed = transaction->commit(); !committed)
      return problem_of(committed.error());
    HttpResponse gone;
    gone.status = 204;
    return gone;
  }

  store::Database& database_;
  ScimStore store_;
  const HttpRequest& request_;
  const Query& query_;
  const std::string base_;
};

/// As whom the failures of who shows this token count.
std::string counted_as(const HttpRequest& request) {
  return "SCIM token " + to_hex(sha2(256, bearer_of(request)));
}

/// One of a list that is fixed, or all of them.
Outcome<HttpResponse> fixed(const HttpRequest& request, json::array all, const std::string& id) {
  if (request.method != "GET") return scim::refuse(405, "", "only GET is allowed here");
  if (id.empty()) {
    const size_t total = all.size();
    return scim_response(200, scim::list_response(std::move(all), total, 1));
  }
  for (const json::value& each : all) {
    if (each.at("id") == json::value(id)) return scim_response(200, each);
  }
  return scim::refuse(404, "", "there is no such thing");
}

}  // namespace

Result<std::unique_ptr<ScimApi>> ScimApi::open(gateway::Gateway& gateway, audit::Log& log,
                                               std::shared_ptr<const config::Config> config) {
  SLUICE_ASSIGN(auto database, store::open_state(*config));
  return std::unique_ptr<ScimApi>(
      new ScimApi(gateway, log, std::move(database), std::move(config)));
}

void ScimApi::set_config(std::shared_ptr<const config::Config> config) {
  const std::lock_guard lock(mutex_);
  config_ = std::move(config);
}

std::shared_ptr<const config::Config> ScimApi::config() {
  const std::lock_guard lock(mutex_);
  return config_;
}

std::string ScimApi::source_of(const HttpRequest& request) {
  return counted_source(request.peer, config()->identity);
}

std::optional<HttpResponse> ScimApi::answer(const HttpRequest& request) {
  if (!request.path.starts_with("/scim/")) return std::nullopt;
  const auto config = this->config();
  if (!reached_safely(request, config->identity)) {
    return refused({403, "",
                    "SCIM over the network needs TLS: use https://, where the gateway has a "
                    "certificate, or an operator can put a proxy with TLS before listen.http and "
                    "set identity.behind_tls"});
  }
  if (auto wait = too_often(request)) return wait;
  HttpResponse response;
  // The store may be a server that takes its time.
  response.whose = "scim from " + net::network_of(request.peer);
  response.later = [this, request, behind_tls = request.tls || config->identity.behind_tls] {
    return work(request, behind_tls);
  };
  return response;
}

/// Who shows again and again what is no token waits, and is not on the record each time; the holder
/// of one that was good from there goes on.
std::optional<HttpResponse> ScimApi::too_often(const HttpRequest& request) {
  const Duration wait =
      gateway_.login_limits().wait(counted_as(request), source_of(request), Clock::now());
  if (wait <= Duration::zero()) return std::nullopt;
  gateway_.count_limited_login();
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  auto response =
      refused({429, "", fmt::format("too many tokens from here were none: wait {} s", seconds)});
  response.headers["Retry-After"] = std::to_string(seconds);
  return response;
}

HttpResponse ScimApi::unknown_token(const HttpRequest& request) {
  gateway_.login_limits().failed(counted_as(request), source_of(request), config()->limits.logins,
                                 Clock::now());
  audit::SessionContext context;
  context.client_address = request.peer;
  context.authentication = "scim";
  audit::Event event;
  event.type = audit::EventType::kLoginFailed;
  event.time_micros = wall_micros();
  event.message = "SCIM token is unknown, expired or revoked";
  (void)log_.append_admin(context, event);
  HttpResponse response =
      refused({401, "", "a token is needed that is in force: sluice scim token create makes one"});
  response.headers = {{"WWW-Authenticate", "Bearer"}};
  return response;
}

HttpResponse ScimApi::work(const HttpRequest& request, bool behind_tls) {
  const std::lock_guard working(working_);
  // Many may have come before the first of them was looked at.
  if (auto wait = too_often(request)) return std::move(*wait);
  const auto token = identity::ScimTokens(database_, "gateway").find(bearer_of(request));
  if (!token) return refused(problem_of(token.error()).value());
  if (!*token) return unknown_token(request);
  gateway_.login_limits().succeeded(counted_as(request), source_of(request), Clock::now());
  return dispatch(request, **token, behind_tls);
}

HttpResponse ScimApi::dispatch(const HttpRequest& request, const identity::ScimToken& token,
                               bool behind_tls) {
  const size_t mark = std::min(request.path.find('?'), request.path.size());
  const std::string path = request.path.substr(0, mark);
  const auto query = mark == request.path.size()
                         ? std::optional(Query())
                         : identity::decode_form(std::string_view(request.path).substr(mark + 1));
  if (!query)
    return refused({400, "invalidValue", "the query cannot be read, or names something twice"});
  if (!path.starts_with(std::string(kRoot) + "/")) return refused({404, "", "not found"});
  const std::string rest = path.substr(kRoot.size() + 1);
  const size_t slash = std::min(rest.find('/'), rest.size());
  const std::string folder = rest.substr(0, slash);
  const std::string id = slash == rest.size() ? "" : rest.substr(slash + 1);
  const std::string base = address_of(request, behind_tls) + std::string(kRoot);
  const std::string actor =
      fmt::format("SCIM token {}{}{}{}", token.id, token.label.empty() ? "" : " (", token.label,
                  token.label.empty() ? "" : ")");
  const auto about = [&](auto work) { return id.empty() ? work.all() : work.one(id); };
  const auto answer = [&]() -> Outcome<HttpResponse> {
    if (folder == "Users") return about(Work<scim::User>(database_, actor, request, *query, base));
    if (folder == "Groups")
      return about(Work<scim::Group>(database_, actor, request, *query, base));
    if (folder == "ResourceTypes") return fixed(request, scim::resource_types(base), id);
    if (folder == "Schemas") return fixed(request, scim::schemas(base), id);
    if (folder == "ServiceProviderConfig" && id.empty() && request.method == "GET")
      return scim_response(200, scim::service_provider_config(base));
    if (folder == "Me" || folder == "Bulk")
      return scim::refuse(501, "", folder + " is not supported");
    return scim::refuse(404, "", "not found");
  }();
  return answer ? *answer : refused(answer.error());
}

}  // namespace sluice::control
