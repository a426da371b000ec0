#include "cli/elsewhere.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/call_http.h"
#include "cli/kept.h"
#include "config/config.h"
#include "control/api.h"

namespace sluice::cli {
namespace {

bool has_logged_in() {
  const char* gateway = std::getenv("SLUICE_GATEWAY");
  if (gateway != nullptr && std::getenv("SLUICE_TOKEN") != nullptr) return true;
  return kept_credential(gateway == nullptr ? "" : gateway).has_value();
}

}  // namespace

bool is_elsewhere(const Common& common) {
  const auto denied = [](const std::filesystem::path& path, int how) {
    return ::access(path.c_str(), how) != 0 && errno == EACCES;
  };
  const auto config = config::load(common.config_file, false);
  if (!config) {
    std::error_code error;
    // One that is there but wrong is for whoever wrote it to mend.
    return !std::filesystem::exists(common.config_file, error) || denied(common.config_file, R_OK);
  }
  // A state folder that is not there yet is about to be made here.
  const bool not_ours =
      denied(config->state, X_OK) || denied(control::control_socket(config->state), R_OK | W_OK);
  return not_ours && has_logged_in();
}

Result<boost::json::value> call_elsewhere(const std::string& method, const std::string& path,
                                          const std::string& body) {
  const char* token = std::getenv("SLUICE_TOKEN");
  const char* gateway = std::getenv("SLUICE_GATEWAY");
  if (token != nullptr && gateway != nullptr)
    return call_http(gateway, method, path, body, SecretString(token));
  SLUICE_ASSIGN(const Kept kept, kept_credential(gateway == nullptr ? "" : gateway));
  return call_http(kept.gateway, method, path, body,
                   token != nullptr ? SecretString(token) : kept.secret);
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const unsigned char c : text) {
    if (std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.') {
      out += static_cast<char>(c);
    } else {
      out += fmt::format("%{:02X}", c);
    }
  }
  return out;
}

}  // namespace sluice::cli
