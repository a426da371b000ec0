#include "approval/login.h"

#include <utility>

#include <boost/json.hpp>

#include "base/bytes.h"

namespace sluice::approval {
namespace {

namespace json = boost::json;

constexpr std::pair<const char*, std::string Login::*> kTexts[] = {
    {"authentication", &Login::authentication},
    {"issuer", &Login::issuer},
    {"acr", &Login::acr},
    {"end_user", &Login::end_user},
    {"client", &Login::client},
    {"application", &Login::application}};
constexpr std::pair<const char*, std::vector<std::string> Login::*> kLists[] = {
    {"amr", &Login::amr}, {"groups", &Login::groups}, {"actors", &Login::actors}};

}  // namespace

Login Login::of(const policy::Principal& principal) {
  return {principal.authentication,
          principal.issuer,
          principal.acr,
          principal.amr,
          principal.groups,
          principal.actors,
          principal.end_user,
          {},
          {}};
}

Login Login::of(const identity::Credential& credential) {
  const identity::Assurance& assurance = credential.assurance;
  return {assurance.method,
          assurance.issuer,
          assurance.acr,
          assurance.amr,
          {},
          credential.actors,
          {},
          {},
          {}};
}

std::string to_text(const Login& login) {
  json::object out;
  for (const auto& [name, field] : kTexts) {
    if (!(login.*field).empty()) out[name] = to_printable_utf8(login.*field);
  }
  for (const auto& [name, field] : kLists) {
    if ((login.*field).empty()) continue;
    json::array list;
    for (const auto& each : login.*field) list.push_back(json::string(to_printable_utf8(each)));
    out[name] = std::move(list);
  }
  return json::serialize(out);
}

Result<Login> login_of(std::string_view text) {
  Login out;
  try {
    const json::object known = json::parse(text).as_object();
    for (const auto& [name, field] : kTexts) {
      if (const auto* value = known.if_contains(name)) out.*field = value->as_string();
    }
    for (const auto& [name, field] : kLists) {
      const auto* list = known.if_contains(name);
      if (list == nullptr) continue;
      for (const auto& each : list->as_array()) (out.*field).emplace_back(each.as_string());
    }
  } catch (const std::exception& error) {
    return fail(ErrorCode::kProtocol, std::string("how somebody logged in: ") + error.what());
  }
  return out;
}

}  // namespace sluice::approval
