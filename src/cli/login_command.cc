#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <optional>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/call_http.h"
#include "cli/client_files.h"
#include "cli/credential_commands.h"
#include "cli/end_kept.h"
#include "cli/gateway_check.h"
#include "cli/kept.h"
#include "cli/oidc_login.h"
#include "cli/output.h"
#include "cli/password.h"
#include "cli/told.h"
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

bool by_provider(const LoginOptions& options) { return !options.issuer.empty() || options.device; }

/// Whether a way to log in is said at all.
bool says_how(const LoginOptions& options) {
  return by_provider(options) || !options.user.empty() || !options.directory.empty() ||
         !options.totp.empty() || options.password_stdin;
}

/// An identity provider asks for all of it itself: what is said here would be passed over.
Result<> check_how(const LoginOptions& options) {
  if (!by_provider(options)) return {};
  std::string besides;
  if (!options.user.empty()) besides = "--user";
  if (options.password_stdin) besides = "--password-stdin";
  if (!options.totp.empty()) besides = "--totp";
  if (!options.directory.empty()) besides = "--directory";
  if (besides.empty()) return {};
  return fail(
      ErrorCode::kInvalidInput,
      fmt::format("{} is for a login by a password, and {} for one by an identity provider, "
                  "which asks who you are itself: leave out one of them",
                  besides, options.issuer.empty() ? "--device" : "--issuer"));
}

/// The credential of before: the latest, or that of `gateway`. Sessions that it has opened count
/// the new login too.
Result<std::optional<Kept>> kept_before(const std::filesystem::path& folder,
                                        const std::string& gateway) {
  SLUICE_ASSIGN(auto all, read_kept(folder));
  for (Kept& kept : all) {
    if (gateway.empty() || kept.gateway == gateway) return std::move(kept);
  }
  return std::optional<Kept>();
}

/// The gateway, the user and the way of the last time stand in for what was not said.
LoginOptions completed(LoginOptions options, const std::optional<Kept>& before) {
  if (before) {
    options.gateway = before->gateway;
    if (!says_how(options)) {
      options.issuer = before->issuer;
      options.device = before->by_code;
    }
    const bool same = options.user.empty() || options.user == before->user;
    if (same && !by_provider(options) && options.directory.empty())
      options.directory = before->directory;
    if (options.user.empty()) options.user = before->user;
  }
  const char* user = getenv("USER");
  if (options.user.empty() && user != nullptr) options.user = user;
  return options;
}

Result<boost::json::value> ask(const LoginOptions& options, const SecretString& password,
                               const SecretString& renews) {
  boost::json::object body{{"user", options.user}, {"password", password.reveal()}};
  if (!options.totp.empty()) body["totp"] = options.totp;
  if (!options.directory.empty()) body["directory"] = options.directory;
  if (!options.database.empty()) body["database"] = options.database;
  if (!renews.empty()) body["renews"] = renews.reveal();
  return call_http(without_slash(options.gateway), "POST", "/api/v1/login",
                   boost::json::serialize(body));
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

Result<boost::json::value> by_password(LoginOptions options, const SecretString& renews) {
  SLUICE_ASSIGN(const auto password, password_of(options));
  auto answer = ask(options, password, renews);
  const bool wants_code = !answer && answer.error().code == ErrorCode::kAuthentication &&
                          answer.error().text.find("one-time code is needed") != std::string::npos;
  if (wants_code && isatty(STDIN_FILENO) == 0)
    return fail(ErrorCode::kAuthentication, "a one-time code is needed: --totp CODE");
  if (!wants_code || !options.totp.empty()) return answer;
  SLUICE_ASSIGN(const auto code, read_line_hidden("One-time code: "));
  options.totp = code.reveal();
  return ask(options, password, renews);
}

/// The requests that end a login by an issuer say what it renews and where it is to be good, too.
std::string with_wishes(const LoginOptions& options, const SecretString& renews,
                        const std::string& path, const std::string& body) {
  if (!path.ends_with("/finish") && !path.ends_with("/poll")) return body;
  boost::json::error_code error;
  auto value = boost::json::parse(body, error);
  if (error || !value.is_object()) return body;
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
  SLUICE_ASSIGN(const auto authority, authority_of_gateway(kept));
  SLUICE_ASSIGN(const auto made, net::make_client_key(kept.user, kept.expires_micros));
  const boost::json::object body{{"public_key", made.public_key}};
  SLUICE_ASSIGN([[maybe_unused]] const auto answer,
                call_http(kept.gateway, "POST", "/api/v1/login/certificate",
                          boost::json::serialize(body), kept.secret));
  Kept with_it = kept;
  SLUICE_TRY(keep_certificate(folder, made.certificate, made.key, authority, with_it));
  kept = std::move(with_it);
  return {};
}

Result<Kept> get_credential(const LoginOptions& options, const std::string& gateway,
                            const std::string& host, const std::optional<Kept>& before) {
  const SecretString renews = before ? before->secret : SecretString();
  const AskGateway by_http = [&](const std::string& method, const std::string& path,
                                 const std::string& body, Duration& wait) {
    return call_http(gateway, method, path, with_wishes(options, renews, path, body), {}, &wait);
  };
  SLUICE_ASSIGN(const auto answer, by_provider(options)
                                       ? login_by_issuer(by_http, options.issuer, options.device)
                                       : by_password(options, renews));
  SLUICE_ASSIGN(Kept kept, read_answer(gateway, host, answer));
  kept.issuer = options.issuer;
  kept.by_code = options.device;
  if (!by_provider(options)) kept.directory = options.directory;
  return kept;
}

/// Whether its gateway has the one database that it is for; where that cannot be told, it may.
bool is_for_something(const LoginOptions& options, const Kept& kept) {
  if (options.database.empty()) return true;
  const auto found = call_http(kept.gateway, "GET", "/api/v1/databases", "", kept.secret);
  return !found || !found->is_array() || !found->get_array().empty();
}

/// What the former login left goes: it is ended where the gateway has not tied it to the next one,
/// and the files of clients get the next one's secret.
void replace(const Kept& before, const Kept& next) {
  if (before.user != next.user) {
    // No session of somebody else's is renewed by this login, so nothing would end it any more.
    if (const auto ended = end_at_gateway(before, "is replaced here"); !ended)
      std::cerr << "warning: " << printable(ended.error().text) << '\n';
  }
  const auto refreshed = refresh_clients(before, next);
  if (!refreshed) {
    std::cerr << fmt::format(
        "warning: what config-clients wrote is of the former login ({}): "
        "sluice config-clients\n",
        printable(refreshed.error().text));
  } else if (*refreshed) {
    std::cerr << "what config-clients wrote is of this login now\n";
  }
}

}  // namespace

Result<> login(const Common& common, const LoginOptions& given) {
  SLUICE_TRY(check_how(given));
  SLUICE_ASSIGN(const auto folder, kept_folder());
  SLUICE_ASSIGN(const auto before, kept_before(folder, without_slash(given.gateway)));
  const LoginOptions options = completed(given, before);
  const std::string gateway = without_slash(options.gateway);
  if (gateway.empty())
    return fail(ErrorCode::kInvalidInput, "say where: sluice login --gateway https://HOST[:PORT]");
  SLUICE_ASSIGN(const Url url, parse_url(gateway));
  if (url.scheme == "http" && !is_local(url.host))
    std::cerr << "warning: what proves who you are goes over the network in clear; use https\n";
  SLUICE_ASSIGN(Kept kept, get_credential(options, gateway, url.host, before));
  // Kept without one, too: what is kept can be ended.
  const auto certified = options.certificate ? get_certificate(folder, kept) : Result<>();
  SLUICE_TRY(keep(folder, kept));
  if (before) replace(*before, kept);
  if (!certified)
    return fail(Error(certified.error()).within("logged in, but without a certificate"));
  const boost::json::object what{
      {"gateway", kept.gateway},
      {"user", kept.user},
      {"id", kept.id},
      {"expires", format_time(kept.expires_micros)},
      {"databases", boost::json::array(kept.databases.begin(), kept.databases.end())}};
  const bool good = is_for_something(options, kept);
  const std::string next =
      good ? fmt::format("for example: sluice connect {}",
                         kept.databases.empty() ? "DATABASE" : kept.databases.front())
           : fmt::format(
                 "but this gateway has no database \"{}\", and it is "
                 "good for no other: log in again without --database",
                 printable(options.database));
  told(common, what,
       fmt::format("logged in at {} as \"{}\" until {}; {}", kept.gateway, printable(kept.user),
                   format_time(kept.expires_micros), next));
  return {};
}

}  // namespace sluice::cli
