#include "control/users_api.h"

#include <algorithm>
#include <vector>

#include "approval/person.h"
#include "audit/filters.h"
#include "base/clock.h"
#include "base/units.h"
#include "control/body.h"
#include "control/credential_json.h"
#include "control/paging.h"
#include "control/visible_page.h"
#include "identity/credential_store.h"
#include "identity/federation.h"
#include "identity/token_rules.h"
#include "identity/totp.h"
#include "identity/user_store.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

constexpr std::string_view kPath = "/api/v1/users";
constexpr size_t kMostListed = 10'000;

std::string actor_of(const HttpRequest& request) {
  return request.user.empty() ? "local administrator" : request.user + " (over HTTP)";
}

json::array list_of(const std::vector<std::string>& texts) {
  return json::array(texts.begin(), texts.end());
}

json::object row_of(const identity::User& user) {
  json::object attributes;
  for (const auto& [key, value] : user.attributes) attributes[key] = value;
  json::array credentials;
  const int64_t now = wall_micros();
  for (const auto& credential : user.credentials) {
    if (credential.live(now)) credentials.push_back(credential_json(credential));
  }
  json::object out{{"name", user.name},
                   {"kind", identity::name_of(user.kind)},
                   {"groups", list_of(user.groups)},
                   {"attributes", std::move(attributes)},
                   {"disabled", user.disabled},
                   {"valid_until", nullptr},
                   {"password", !user.scram_verifier.empty()},
                   {"one_time_codes", !user.totp_secret.empty()},
                   {"kept_by", user.made_by},
                   {"created", format_time(user.created_micros)},
                   {"last_login", nullptr},
                   {"credentials", std::move(credentials)}};
  if (user.valid_until_micros != 0) out["valid_until"] = format_time(user.valid_until_micros);
  if (user.last_login_micros != 0) out["last_login"] = format_time(user.last_login_micros);
  return out;
}

/// The texts of a list; kInvalidInput for anything else that is there.
Result<std::vector<std::string>> texts_of(const json::object& body, std::string_view name) {
  std::vector<std::string> out;
  const auto* given = body.if_contains(name);
  if (given == nullptr) return out;
  const auto wrong = fail(ErrorCode::kInvalidInput, std::string(name) + " is a list of texts");
  if (!given->is_array()) return wrong;
  for (const auto& each : given->get_array()) {
    if (!each.is_string()) return wrong;
    out.emplace_back(each.get_string());
  }
  return out;
}

Result<std::map<std::string, std::string>> attributes_of(const json::object& body) {
  std::map<std::string, std::string> out;
  const auto* given = body.if_contains("attributes");
  if (given == nullptr) return out;
  if (!given->is_object())
    return fail(ErrorCode::kInvalidInput, "attributes is an object of texts");
  for (const auto& [key, value] : given->get_object()) {
    if (!value.is_string())
      return fail(ErrorCode::kInvalidInput, "attributes is an object of texts");
    SLUICE_ASSIGN(auto attribute, identity::parse_attribute(std::string(key) + "=" +
                                                            std::string(value.get_string())));
    out.insert(std::move(attribute));
  }
  return out;
}

Result<identity::UserKind> kind_of(const json::object& body) {
  const std::string text = text_of(body, "kind");
  if (text.empty()) return identity::UserKind::kHuman;
  if (const auto kind = identity::find_kind(text)) return *kind;
  return fail(ErrorCode::kInvalidInput, "kind is human, service or agent");
}

Result<identity::NewUser> new_user(const json::object& body) {
  identity::NewUser user;
  user.name = text_of(body, "name");
  SLUICE_ASSIGN(user.kind, kind_of(body));
  SLUICE_ASSIGN(user.groups, texts_of(body, "groups"));
  SLUICE_ASSIGN(user.attributes, attributes_of(body));
  if (const std::string until = text_of(body, "valid_until"); !until.empty()) {
    SLUICE_ASSIGN(user.valid_until_micros, identity::parse_valid_until(until));
  }
  return user;
}

Result<> apply(identity::UserStore& users, const std::string& name, const json::object& body) {
  identity::UserChange change;
  if (body.contains("kind")) {
    SLUICE_ASSIGN(change.kind, kind_of(body));
  }
  if (body.contains("groups")) {
    SLUICE_ASSIGN(change.groups, texts_of(body, "groups"));
  }
  if (body.contains("attributes")) {
    SLUICE_ASSIGN(change.attributes, attributes_of(body));
  }
  if (const std::string until = text_of(body, "valid_until"); !until.empty()) {
    SLUICE_ASSIGN(change.valid_until_micros, identity::parse_valid_until(until));
  }
  if (change.kind || change.groups || change.attributes || change.valid_until_micros)
    SLUICE_TRY(users.set(name, change));
  if (const SecretString password(text_of(body, "password")); !password.empty())
    SLUICE_TRY(users.set_password(name, password));
  const auto* disabled = body.if_contains("disabled");
  if (disabled == nullptr) return {};
  if (!disabled->is_bool()) return fail(ErrorCode::kInvalidInput, "disabled is true or false");
  return users.set_disabled(name, disabled->get_bool());
}

/// Accounts of one person count as one where people decide: nobody parts theirs.
Result<> check_person(const HttpRequest& request, const identity::Directory& directory,
                      const std::string& name, const json::object& body) {
  const auto* caller = directory.find(request.user);
  const auto* user = directory.find(name);
  if (request.user.empty() || user == nullptr || !body.contains("attributes")) return {};
  if (caller == nullptr) return fail(ErrorCode::kDenied, "you are not known any more");
  SLUICE_ASSIGN(const auto next, attributes_of(body));
  if (!approval::same_person(*user, *caller)) return {};
  identity::User then = *user;
  then.attributes = next;
  const auto& all = directory.users();
  const bool parts = std::any_of(all.begin(), all.end(), [&](const identity::User& other) {
    return approval::same_person(*user, other) && !approval::same_person(then, other);
  });
  if (!parts && approval::person_of(then) == approval::person_of(*user)) return {};
  return fail(ErrorCode::kDenied,
              "this account is yours: whose it is (person, e-mail addresses that accounts have in "
              "common) is for another administrator to change");
}

Result<identity::NewCredential> new_token(const json::object& body, const std::string& name) {
  identity::TokenWish wish{name, {}, text_of(body, "label"), {}, {}, text_of(body, "acts_for")};
  SLUICE_ASSIGN(wish.lifetime, parse_duration(text_of(body, "for")));
  SLUICE_ASSIGN(wish.scopes, texts_of(body, "scopes"));
  SLUICE_ASSIGN(wish.databases, texts_of(body, "databases"));
  return identity::new_token(wish);
}

}  // namespace

std::optional<HttpResponse> UsersApi::answer(const HttpRequest& request) {
  const std::string_view path = std::string_view(request.path).substr(0, request.path.find('?'));
  if (path == kPath && request.method == "GET") return list(request);
  if (path == kPath && request.method == "POST") return add(request);
  if (!path.starts_with(std::string(kPath) + "/")) return std::nullopt;
  std::vector<std::string> parts;
  std::string_view rest = path.substr(kPath.size() + 1);
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    const auto decoded = audit::parse_query_string(part);
    if (!decoded || decoded->size() != 1) return problem(400, "not a name");
    parts.push_back(decoded->front().first);
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  }
  if (parts.size() == 1 && request.method == "PATCH") return change(request, parts[0]);
  if (parts.size() == 1 && request.method == "DELETE") return remove(request, parts[0]);
  if (parts.size() == 2 && parts[1] == "tokens" && request.method == "POST")
    return make_token(request, parts[0]);
  if (parts.size() == 2 && parts[1] == "identities" && request.method == "POST")
    return link(request, parts[0]);
  if (parts.size() == 2 && (request.method == "PUT" || request.method == "DELETE")) {
    if (parts[1] == "one-time-codes") return one_time_codes(request, parts[0]);
    if (parts[1] == "assertion-key") return assertion_key(request, parts[0]);
  }
  if (parts.size() == 3 && parts[1] == "credentials" && request.method == "DELETE")
    return revoke(request, parts[0], parts[2]);
  return std::nullopt;
}

HttpResponse UsersApi::list(const HttpRequest& request) {
  const auto paging = paging_of(request.path, kMostListed, kAllOfIt);
  if (!paging) return failed(paging.error());
  const auto directory = gateway_.directory();
  std::vector<const identity::User*> all;
  for (const auto& user : directory->users()) all.push_back(&user);
  std::sort(all.begin(), all.end(), [](auto* a, auto* b) { return a->name < b->name; });
  return page_of(
      request.path, all, paging->limit,
      [&](const auto* user) { return paging->cursor.empty() || user->name > paging->cursor; },
      [](const auto*) { return true; }, [](const auto* user) { return row_of(*user); },
      [](const auto* user) { return user->name; });
}

HttpResponse UsersApi::told(store::Database& database, const std::string& name, int status) {
  const auto renewed = gateway_.renew_directory([&] { return identity::load_directory(database); });
  if (!renewed) return failed(renewed.error());
  const auto directory = gateway_.directory();
  const auto* user = directory->find(name);
  return json_response(status, user == nullptr ? json::object{{"removed", name}} : row_of(*user));
}

HttpResponse UsersApi::add(const HttpRequest& request) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  const auto user = new_user(*body);
  if (!user) return failed(user.error());
  auto database = open_store_();
  if (!database) return failed(database.error());
  identity::UserStore users(*database, actor_of(request));
  const SecretString password(text_of(*body, "password"));
  const auto added = password.empty() ? users.add(*user) : users.add(*user, password);
  return added ? told(*database, user->name, 201) : failed(added.error());
}

HttpResponse UsersApi::change(const HttpRequest& request, const std::string& name) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  if (const auto good = check_person(request, *gateway_.directory(), name, *body); !good)
    return failed(good.error());
  auto database = open_store_();
  if (!database) return failed(database.error());
  identity::UserStore users(*database, actor_of(request));
  const auto done = apply(users, name, *body);
  return done ? told(*database, name) : failed(done.error());
}

HttpResponse UsersApi::remove(const HttpRequest& request, const std::string& name) {
  auto database = open_store_();
  if (!database) return failed(database.error());
  const auto done = identity::UserStore(*database, actor_of(request)).remove(name);
  return done ? told(*database, name) : failed(done.error());
}

HttpResponse UsersApi::make_token(const HttpRequest& request, const std::string& name) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  const auto next = new_token(*body, name);
  if (!next) return failed(next.error());
  const auto directory = gateway_.directory();
  const auto* user = directory->find(name);
  if (user == nullptr) return problem(404, "there is no such user");
  if (user->kind == identity::UserKind::kHuman && name != request.user && !request.user.empty()) {
    return problem(403, "nobody gets a token to be another person",
                   "People log in for theirs: sluice login.");
  }
  auto database = open_store_();
  if (!database) return failed(database.error());
  const auto issued = identity::CredentialStore(*database, actor_of(request)).issue(*next);
  if (!issued) return failed(issued.error());
  (void)gateway_.renew_directory([&] { return identity::load_directory(*database); });
  auto response =
      json_response(201, json::object{{"id", issued->id},
                                      {"secret", issued->secret.reveal()},
                                      {"expires", format_time(issued->expires_micros)}});
  response.headers["Cache-Control"] = "no-store";
  return response;
}

HttpResponse UsersApi::link(const HttpRequest& request, const std::string& name) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  auto database = open_store_();
  if (!database) return failed(database.error());
  // Whoever is somebody already would be somebody else besides, at another's word.
  const auto done = identity::FederatedUsers(*database).link(
      name, text_of(*body, "issuer"), text_of(*body, "subject"), actor_of(request), true);
  return done ? told(*database, name, 201) : failed(done.error());
}

HttpResponse UsersApi::one_time_codes(const HttpRequest& request, const std::string& name) {
  auto database = open_store_();
  if (!database) return failed(database.error());
  identity::UserStore users(*database, actor_of(request));
  if (request.method == "DELETE") {
    const auto done = users.remove_totp(name);
    return done ? told(*database, name) : failed(done.error());
  }
  const auto secret = users.enrol_totp(name);
  if (!secret) return failed(secret.error());
  return told_once(*database, name, "uri", identity::totp_uri(name, secret->reveal()));
}

HttpResponse UsersApi::assertion_key(const HttpRequest& request, const std::string& name) {
  auto database = open_store_();
  if (!database) return failed(database.error());
  identity::UserStore users(*database, actor_of(request));
  if (request.method == "DELETE") {
    const auto done = users.remove_assertion_key(name);
    return done ? told(*database, name) : failed(done.error());
  }
  const auto key = users.make_assertion_key(name);
  if (!key) return failed(key.error());
  return told_once(*database, name, "key", key->reveal());
}

HttpResponse UsersApi::told_once(store::Database& database, const std::string& name,
                                 std::string_view what, std::string_view secret) {
  auto response = told(database, name);
  if (response.status != 200) return response;
  response = json_response(200, json::object{{"user", name}, {what, secret}});
  response.headers["Cache-Control"] = "no-store";
  return response;
}

HttpResponse UsersApi::revoke(const HttpRequest& request, const std::string& name,
                              const std::string& id) {
  const auto directory = gateway_.directory();
  const auto* credential = directory->credential(id);
  if (credential == nullptr || credential->user != name)
    return problem(404, "this user has no such credential");
  auto database = open_store_();
  if (!database) return failed(database.error());
  const auto done = identity::CredentialStore(*database, actor_of(request)).revoke(id);
  return done ? told(*database, name) : failed(done.error());
}

}  // namespace sluice::control
