#include <algorithm>
#include <cstdlib>
#include <iostream>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/call_http.h"
#include "cli/credential_commands.h"
#include "cli/kept.h"
#include "cli/oidc_login.h"
#include "cli/output.h"
#include "cli/password.h"
#include "net/peer_certificate.h"

namespace sluice::cli {
namespace {

struct Url {
  std::string scheme, host;
};

Result<Url> parse_url(const std::string& text) {
  const size_t behind = text.find("://");
  Url url;
  if (behind != std::string::npos) {
    url.scheme = text.substr(0, behind);
    const std::string rest = text.substr(behind + 3);
    url.host = rest.starts_with('[') ? rest.substr(1, rest.find(']') - 1)
                                     : rest.substr(0, rest.find_first_of(":/"));
  }
  if ((url.scheme != "http" && url.scheme != "https") || url.host.empty()) {
    return fail(ErrorCode::kInvalidInput,
                fmt::format("expected a URL such as https://gateway.example, got \"{}\"", text));
  }
  return url;
}

bool is_local(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

/// The last one's gateway and user stand in for what was not said.
LoginOptions completed(LoginOptions options) {
  if (const auto folder = kept_folder()) {
    const auto all = read_kept(*folder);
    for (const Kept& kept : all ? *all : std::vector<Kept>()) {
      if (!options.gateway.empty() && kept.gateway != options.gateway) continue;
      options.gateway = kept.gateway;
      if (options.user.empty()) options.user = kept.user;
      break;
    }
  }
  const char* user = getenv("USER");
  if (options.user.empty() && user != nullptr) options.user = user;
  while (options.gateway.ends_with('/')) options.gateway.pop_back();
  return options;
}

/// The credential of before: sessions that it has opened count the new login too.
SecretString kept_before(const LoginOptions& options) {
  const auto folder = kept_folder();
  const auto all = folder ? read_kept(*folder) : Result<std::vector<Kept>>(std::vector<Kept>());
  for (const Kept& kept : all ? *all : std::vector<Kept>()) {
    if (kept.gateway == options.gateway) return kept.secret;
  }
  return {};
}

Result<boost::json::value> ask(const LoginOptions& options, const SecretString& password,
                               const SecretString& renews) {
  boost::json::object body{{"user", options.user}, {"password", password.reveal()}};
  if (!options.totp.empty()) body["totp"] = options.totp;
  if (!options.directory.empty()) body["directory"] = options.directory;
  if (!options.database.empty()) body["database"] = options.database;
  if (!renews.empty()) body["renews"] = renews.reveal();
  return call_http(options.gateway, "POST", "/api/v1/login", boost::json::serialize(body));
}

Result<SecretString> password_of(const LoginOptions& options) {
  if (!options.password_stdin && isatty(STDIN_FILENO) != 0) return read_line_hidden("Password: ");
  std::string line;
  if (!std::getline(std::cin, line))
    return fail(ErrorCode::kInvalidInput, "no password on standard input");
  return SecretString(std::move(line));
}

/// Whether it can stand in pg_service.conf, as a section too, without being more than that.
bool is_service_name(std::string_view name) {
  return !name.empty() && std::none_of(name.begin(), name.end(), [](unsigned char c) {
    return c < 0x20 || c == 0x7F || c == '[' || c == ']';
  });
}

Result<Kept> read_answer(const std::string& gateway, const std::string& host,
                         const boost::json::value& value) {
  try {
    const auto& object = value.as_object();
    const auto& postgres = object.at("postgres").as_object();
    Kept kept;
    kept.gateway = gateway;
    kept.host = host;
    kept.port = postgres.at("port").to_number<uint16_t>();
    kept.tls = postgres.at("tls").as_bool();
    kept.user = object.at("user").as_string();
    kept.id = object.at("id").as_string();
    kept.secret = SecretString(std::string(object.at("secret").as_string()));
    kept.expires_micros = object.at("expires_micros").to_number<int64_t>();
    for (const auto& name : object.at("databases").as_array())
      kept.databases.emplace_back(name.as_string());
    std::vector<std::string> names = kept.databases;
    names.push_back(kept.user);
    for (const auto& name : names) {
      if (!is_service_name(name)) {
        return fail(ErrorCode::kDenied,
                    fmt::format("the gateway tells of a user or database named \"{}\", which no "
                                "file of services can hold",
                                printable(name)));
      }
    }
    return kept;
  } catch (const std::exception&) {
    return fail(ErrorCode::kUnavailable, "what answered is no sluice gateway");
  }
}

Result<boost::json::value> by_password(LoginOptions options) {
  SLUICE_ASSIGN(const auto password, password_of(options));
  const SecretString renews = kept_before(options);
  auto answer = ask(options, password, renews);
  const bool wants_code = !answer && answer.error().code == ErrorCode::kAuthentication &&
                          answer.error().text.find("one-time code is needed") != std::string::npos;
  if (!wants_code || !options.totp.empty() || isatty(STDIN_FILENO) == 0) return answer;
  SLUICE_ASSIGN(const auto code, read_line_hidden("One-time code: "));
  options.totp = code.reveal();
  return ask(options, password, renews);
}

/// The requests that end a login by an issuer say what it renews and where it is to be good, too.
std::string with_wishes(const LoginOptions& options, const std::string& path,
                        const std::string& body) {
  if (!path.ends_with("/finish") && !path.ends_with("/poll")) return body;
  boost::json::error_code error;
  auto value = boost::json::parse(body, error);
  if (error || !value.is_object()) return body;
  const SecretString renews = kept_before(options);
  if (!renews.empty()) value.as_object()["renews"] = renews.reveal();
  if (!options.database.empty()) value.as_object()["database"] = options.database;
  return boost::json::serialize(value);
}

/// The key is made here and never leaves this machine.
Result<> get_certificate(const std::filesystem::path& folder, Kept& kept) {
  if (!kept.tls) {
    return fail(ErrorCode::kUnavailable,
                "this gateway has no TLS, and so nowhere to show a certificate; an operator can "
                "give it one of its own (tls.certificate)");
  }
  SLUICE_ASSIGN(const auto made, net::make_client_key(kept.user, kept.expires_micros));
  const boost::json::object body{{"public_key", made.public_key}};
  SLUICE_ASSIGN([[maybe_unused]] const auto answer,
                call_http(kept.gateway, "POST", "/api/v1/login/certificate",
                          boost::json::serialize(body), kept.secret));
  return keep_certificate(folder, made.certificate, made.key, kept);
}

}  // namespace

Result<> login(const LoginOptions& given) {
  const LoginOptions options = completed(given);
  if (options.gateway.empty())
    return fail(ErrorCode::kInvalidInput, "say where: sluice login --gateway https://HOST[:PORT]");
  SLUICE_ASSIGN(const Url url, parse_url(options.gateway));
  if (url.scheme == "http" && !is_local(url.host))
    std::cerr << "warning: what proves who you are goes over the network in clear; use https\n";
  SLUICE_ASSIGN(const auto folder, kept_folder());
  const AskGateway by_http = [&](const std::string& method, const std::string& path,
                                 const std::string& body, Duration& wait) {
    return call_http(options.gateway, method, path, with_wishes(options, path, body), {}, &wait);
  };
  const bool by_provider = !options.issuer.empty() || options.device;
  SLUICE_ASSIGN(const auto answer, by_provider
                                       ? login_by_issuer(by_http, options.issuer, options.device)
                                       : by_password(options));
  SLUICE_ASSIGN(Kept kept, read_answer(options.gateway, url.host, answer));
  if (options.certificate) SLUICE_TRY(get_certificate(folder, kept));
  SLUICE_TRY(keep(folder, kept));
  std::cerr << fmt::format("logged in at {} as \"{}\" until {}; for example: sluice connect {}\n",
                           kept.gateway, printable(kept.user), format_time(kept.expires_micros),
                           kept.databases.empty() ? "DATABASE" : kept.databases.front());
  return {};
}

}  // namespace sluice::cli
