#include "cli/call_as.h"

#include <cstdlib>

#include <unistd.h>

#include "cli/call_gateway.h"
#include "cli/elsewhere.h"
#include "cli/password.h"
#include "config/config.h"
#include "control/api.h"

namespace sluice::cli {
namespace json = boost::json;

namespace {

bool is_operator(const Common& common) {
  const auto config = config::load(common.config_file, false);
  return config && ::access(control::control_socket(config->state).c_str(), R_OK | W_OK) == 0;
}

}  // namespace

Result<Somebody> Somebody::prove(const Common& common, const ProofOptions& who) {
  Somebody somebody(common);
  const char* token = std::getenv("SLUICE_TOKEN");
  if (who.user.empty()) {
    if (token != nullptr && !is_elsewhere(common)) somebody.credential_ = SecretString(token);
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
  if (credential_.empty()) return call_elsewhere(method, path, body);
  return call_gateway(*common_, method, path, body, "Bearer " + std::string(credential_.reveal()));
}

Result<json::value> look(const Common& common, const std::string& path) {
  return is_operator(common) ? call_gateway(common, "GET", path) : call_elsewhere("GET", path);
}

}  // namespace sluice::cli
