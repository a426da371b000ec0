#include "cli/call_as.h"

#include <cstdlib>

#include <unistd.h>

#include "cli/call_gateway.h"
#include "cli/call_http.h"
#include "cli/kept.h"
#include "cli/password.h"
#include "config/config.h"
#include "control/api.h"

namespace sluice::cli {
namespace json = boost::json;

namespace {

/// Asks as somebody who has logged in, over HTTP; nothing where nobody has.
Result<json::value> call_as_kept(const std::string& method, const std::string& path,
                                 const std::string& body) {
  SLUICE_ASSIGN(const Kept kept, kept_credential({}));
  return call_http(kept.gateway, method, path, body, kept.secret);
}

bool is_operator(const Common& common) {
  const auto config = config::load(common.config_file, false);
  return config && ::access(control::control_socket(config->state).c_str(), R_OK | W_OK) == 0;
}

}  // namespace

Result<Somebody> Somebody::prove(const Common& common, const ProofOptions& who) {
  Somebody somebody(common);
  const char* token = std::getenv("SLUICE_TOKEN");
  if (who.user.empty()) {
    if (token != nullptr) somebody.credential_ = SecretString(token);
    return somebody;
  }
  SLUICE_ASSIGN(const auto password, read_password(who.password_stdin, "Password of " + who.user));
  json::object login{{"user", who.user}, {"password", password.reveal()}};
  if (!who.totp.empty()) login["totp"] = who.totp;
  SLUICE_ASSIGN(const auto issued,
                call_gateway(common, "POST", "/api/v1/login", json::serialize(login)));
  somebody.credential_ = SecretString(std::string(issued.at("secret").as_string()));
  return somebody;
}

Result<json::value> Somebody::call(const std::string& method, const std::string& path,
                                   const std::string& body) const {
  if (credential_.empty()) return call_as_kept(method, path, body);
  return call_gateway(*common_, method, path, body, "Bearer " + std::string(credential_.reveal()));
}

Result<json::value> look(const Common& common, const std::string& path) {
  return is_operator(common) ? call_gateway(common, "GET", path) : call_as_kept("GET", path, {});
}

}  // namespace sluice::cli
