#include "cli/elsewhere.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/call_http.h"
#include "cli/kept.h"
#include "cli/output.h"
#include "config/config.h"
#include "control/api.h"

namespace sluice::cli {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool has_logged_in() {
  const std::string gateway = environment("SLUICE_GATEWAY");
  if (!gateway.empty() && !environment("SLUICE_TOKEN").empty()) return true;
  return kept_credential(gateway).has_value();
}

/// "gateway.example", of "https://gateway.example:8443"; and the port, as it is written.
std::pair<std::string, std::string> authority_of(std::string_view url) {
  const size_t behind = url.find("://");
  if (behind != url.npos) url.remove_prefix(behind + 3);
  url = url.substr(0, url.find('/'));
  const size_t colon = url.rfind(':');
  const bool port = colon != url.npos && url.find(']', colon) == url.npos;
  std::string host(port ? url.substr(0, colon) : url);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {host, std::string(port ? url.substr(colon + 1) : "")};
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

/// Whether a login at `url` is one at the gateway of this configuration, as far as that can be
/// known here: it says so itself, or listens there on this machine.
bool is_gateway_of(const config::Config& config, const std::string& url) {
  if (!config.api.url.empty() && without_slash(config.api.url) == url) return true;
  if (!config.listen_http) return false;
  const auto [host, port] = authority_of(url);
  const std::string& own = config.listen_http->host;
  const bool everywhere = own.empty() || own == "0.0.0.0" || own == "::" || own == "*";
  return port == std::to_string(config.listen_http->port) &&
         (host == own || (is_loopback(host) && (everywhere || is_loopback(own))));
}

/// Where whoever is on its own machine logs in.
std::string url_of(const config::Config& config) {
  if (!config.api.url.empty()) return without_slash(config.api.url);
  if (!config.listen_http) return "URL";
  return fmt::format("{}://127.0.0.1:{}", config.tls.enabled() ? "https" : "http",
                     config.listen_http->port);
}

}  // namespace

bool is_elsewhere(const Common& common) {
  const auto denied = [](const std::filesystem::path& path, int how) {
    return ::access(path.c_str(), how) != 0 && errno == EACCES;
  };
  const auto config = config::load(common.config_file, false);
  if (!config) {
    // One that was named is meant, and one that is there but wrong is for whoever wrote it to mend:
    // nothing is done at another gateway in its place.
    std::error_code error;
    return common.config_file == kUsualConfig &&
           (!std::filesystem::exists(common.config_file, error) ||
            denied(common.config_file, R_OK));
  }
  // A state folder that is not there yet is about to be made here.
  const bool not_ours =
      denied(config->state, X_OK) || denied(control::control_socket(config->state), R_OK | W_OK);
  return not_ours && has_logged_in();
}

Result<SecretString> credential_here(const Common& common) {
  if (auto token = environment("SLUICE_TOKEN"); !token.empty())
    return SecretString(std::move(token));
  SLUICE_ASSIGN(const auto config, config::load(common.config_file, false));
  auto kept = kept_credential_where(
      [&config](const Kept& one) { return is_gateway_of(config, one.gateway); });
  if (kept) return std::move(kept->secret);
  if (kept.error().code != ErrorCode::kNotFound) return fail(std::move(kept.error()));
  const auto other = kept_credential_where([](const Kept&) { return true; });
  return fail(ErrorCode::kDenied,
              fmt::format("{} the gateway of {}: sluice login --gateway {}, or --user NAME",
                          other ? fmt::format("you are logged in at {}, not at", other->gateway)
                                : "you are not logged in at",
                          common.config_file, url_of(config)));
}

Result<std::string> gateway_elsewhere() {
  if (auto gateway = environment("SLUICE_GATEWAY"); !gateway.empty())
    return without_slash(std::move(gateway));
  SLUICE_ASSIGN(const auto folder, kept_folder());
  SLUICE_ASSIGN(const auto all, read_kept(folder));
  if (all.empty())
    return fail(ErrorCode::kNotFound,
                "there is no gateway to ask: sluice login --gateway URL, or SLUICE_GATEWAY");
  return all.front().gateway;
}

void say_where(const std::string& gateway, const std::string& who) {
  static bool said = false;
  if (!std::exchange(said, true))
    std::cerr << printable(fmt::format("at {} {}", gateway, who)) << '\n';
}

namespace {

struct There {
  std::string gateway;
  SecretString credential;
};

/// Whom commands ask, and what they show. Says so.
Result<There> there() {
  const std::string token = environment("SLUICE_TOKEN");
  const std::string gateway = without_slash(environment("SLUICE_GATEWAY"));
  if (!token.empty() && !gateway.empty()) {
    say_where(gateway, "with SLUICE_TOKEN");
    return There{gateway, SecretString(token)};
  }
  auto found = kept_credential(gateway);
  if (!found && found.error().code == ErrorCode::kNotFound && !token.empty())
    return fail(
        ErrorCode::kInvalidInput,
        "SLUICE_TOKEN does not say where it is good: set SLUICE_GATEWAY to the gateway's URL");
  SLUICE_ASSIGN(Kept kept, std::move(found));
  say_where(kept.gateway,
            token.empty() ? fmt::format("as \"{}\"", kept.user) : "with SLUICE_TOKEN");
  return There{kept.gateway, token.empty() ? std::move(kept.secret) : SecretString(token)};
}

}  // namespace

Result<boost::json::value> call_elsewhere(const std::string& method, const std::string& path,
                                          const std::string& body) {
  SLUICE_ASSIGN(const There at, there());
  return call_http(at.gateway, method, path, body, at.credential);
}

Result<std::string> read_elsewhere(const std::string& path) {
  SLUICE_ASSIGN(const There at, there());
  return read_http(at.gateway, path, at.credential);
}

Result<> follow_elsewhere(const std::string& path, const std::atomic<bool>& stopping,
                          const std::function<bool(std::string_view data)>& take) {
  constexpr std::string_view kData = "data: ";
  SLUICE_ASSIGN(const There at, there());
  return follow_http(at.gateway, path, at.credential, stopping, [&](std::string_view line) {
    return !line.starts_with(kData) || take(line.substr(kData.size()));
  });
}

Result<> only_here(const Common& common, std::string_view instead) {
  if (!is_elsewhere(common)) return {};
  const auto config = config::load(common.config_file, false);
  const std::string why =
      config ? fmt::format("{} is not for this user to open", config->state.string())
             : "no configuration is here";
  return fail(ErrorCode::kInvalidInput,
              fmt::format("this works at the gateway's own state alone, and {}: run it on that "
                          "machine as who runs the gateway, with --config FILE{}{}",
                          why, instead.empty() ? "" : "; or ", instead));
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
