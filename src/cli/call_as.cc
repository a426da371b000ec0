#include "cli/call_as.h"

#include <iostream>
#include <utility>

#include <fmt/format.h>

#include "cli/call_gateway.h"
#include "cli/call_http.h"
#include "cli/elsewhere.h"
#include "cli/password.h"

namespace sluice::cli {
namespace json = boost::json;

namespace {

constexpr const char* kLogin = "/api/v1/login";
constexpr const char* kSession = "/api/v1/session";

}  // namespace

Somebody::Somebody(Somebody&& other) noexcept
    : common_(other.common_),
      gateway_(std::move(other.gateway_)),
      credential_(std::move(other.credential_)),
      made_(std::exchange(other.made_, false)) {}

Somebody::~Somebody() {
  if (!made_) return;
  if (const auto ended = call("DELETE", kSession); !ended)
    std::cerr << "sluice: the login for this command could not be ended: "
              << printable(ended.error().text) << '\n';
}

Result<Somebody> Somebody::prove(const Common& common, const ProofOptions& who) {
  Somebody somebody(common);
  const bool elsewhere = is_elsewhere(common);
  if (who.user.empty()) {
    if (elsewhere) return somebody;
    SLUICE_ASSIGN(somebody.credential_, credential_here(common));
    return somebody;
  }
  if (elsewhere) {
    SLUICE_ASSIGN(somebody.gateway_, gateway_elsewhere());
  }
  SLUICE_ASSIGN(const auto password, read_password(who.password_stdin, "Password of " + who.user));
  json::object login{{"user", who.user}, {"password", password.reveal()}};
  if (!who.totp.empty()) login["totp"] = who.totp;
  if (elsewhere) say_where(somebody.gateway_, fmt::format("as \"{}\"", who.user));
  const std::string body = json::serialize(login);
  SLUICE_ASSIGN(const auto issued, elsewhere ? call_http(somebody.gateway_, "POST", kLogin, body)
                                             : call_gateway(common, "POST", kLogin, body));
  const auto* secret = issued.is_object() ? issued.get_object().if_contains("secret") : nullptr;
  if (secret == nullptr || !secret->is_string())
    return fail(ErrorCode::kUnavailable, "what answered is no sluice gateway");
  somebody.credential_ = SecretString(std::string(secret->get_string()));
  somebody.made_ = true;
  return somebody;
}

Result<json::value> Somebody::call(const std::string& method, const std::string& path,
                                   const std::string& body) const {
  if (!gateway_.empty()) return call_http(gateway_, method, path, body, credential_);
  if (credential_.empty()) return call_elsewhere(method, path, body);
  return call_gateway(*common_, method, path, body, "Bearer " + std::string(credential_.reveal()));
}

Result<json::value> look(const Common& common, const std::string& path) {
  return call_gateway(common, "GET", path);
}

}  // namespace sluice::cli
