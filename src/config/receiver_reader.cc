#include "config/receiver_reader.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "config/units.h"

namespace sluice::config {
namespace {

using yaml::MapReader;

/// RFC 5424, table 1, under the names that syslog.conf(5) gives them.
const std::vector<std::string> kFacilities = {
    "kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
    "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "audit",  "alert",  "clock",
    "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7"};

/// Whether a header can be sent as it is; a line end in it would begin another one.
std::string header_problem(const std::string& name, const std::string& value) {
  const auto token = [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (name.empty() || !std::all_of(name.begin(), name.end(), token))
    return fmt::format("\"{}\" is no name of a header", name);
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower == "authorization")
    return "Authorization is a secret: use authorization_file or authorization_env";
  if (lower == "content-type" || lower == "content-length" || lower.starts_with("webhook-"))
    return fmt::format("{} is set by the gateway", name);
  const auto control = [](unsigned char c) { return c < ' ' || c == 0x7f; };
  return std::any_of(value.begin(), value.end(), control) ? "a header is one line" : "";
}

}  // namespace

bool is_receiver_name(const std::string& text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

std::string url_problem(const std::string& url, const std::vector<std::string>& schemes,
                        bool bare) {
  const size_t end = url.find("://");
  if (end == std::string::npos ||
      std::find(schemes.begin(), schemes.end(), url.substr(0, end)) == schemes.end()) {
    return fmt::format("expected a url that begins with {}:// or {}://, got \"{}\"", schemes[0],
                       schemes[1], url.find('@') == std::string::npos ? url : "…");
  }
  const std::string authority = url.substr(end + 3, url.find_first_of("/?#", end + 3) - end - 3);
  if (authority.find('@') != std::string::npos)
    return "must not contain a user or password: they have keys of their own";
  if (authority.empty() || authority[0] == ':') return "the url names no host";
  if (bare) {
    if (const auto parsed = parse_host_port(authority); !parsed) return parsed.error().text;
    if (end + 3 + authority.size() != url.size()) return "nothing may follow the port";
  }
  const auto odd = [](unsigned char c) { return c <= ' ' || c == 0x7f; };
  return std::any_of(url.begin(), url.end(), odd) ? "contains blanks or control characters" : "";
}

void read_tls(MapReader& map, const SecretSource& secrets, StreamConfig& out) {
  map.map("tls", [&](MapReader& tls) {
    for (const auto& [key, file] : {std::pair{"ca", &out.tls.ca},
                                    {"certificate", &out.tls.certificate},
                                    {"key", &out.tls.key}}) {
      if (tls.scalar(key, *file)) *file = secrets.path(*file);
    }
    if (out.tls.certificate.empty() != out.tls.key.empty())
      tls.problem("certificate", "certificate and key belong together");
    if (!out.url.starts_with("https:") && !out.url.starts_with("tls:"))
      map.problem("tls", "the url asks for no TLS: begin it with https:// or tls://");
  });
}

void read_http(MapReader& map, const SecretSource& secrets, StreamConfig& out) {
  read_secret(map, "authorization", secrets, out.authorization);
  const YAML::Node headers = map.node("headers");
  if (!headers.IsDefined()) return;
  if (!headers.IsMap()) {
    map.problem("headers", "expected a mapping of names to values");
    return;
  }
  for (const auto& header : headers) {
    const auto name = header.first.as<std::string>("");
    const auto value = header.second.as<std::string>("");
    if (const auto wrong = header_problem(name, value); !wrong.empty())
      map.problem("headers", wrong);
    out.headers[name] = value;
  }
}

void read_patience(MapReader& map, StreamConfig& out) {
  map.parsed("timeout", out.timeout, parse_duration);
  if (out.timeout < std::chrono::milliseconds(100) || out.timeout > std::chrono::hours(1))
    map.problem("timeout", "must be from 100ms to 1h");
  map.map("retry", [&](MapReader& retry) {
    retry.parsed("initial", out.retry_initial, parse_duration);
    retry.parsed("maximum", out.retry_maximum, parse_duration);
    if (out.retry_initial < std::chrono::milliseconds(1))
      retry.problem("initial", "must be at least 1ms");
    if (out.retry_maximum < out.retry_initial)
      retry.problem("maximum", "must not be shorter than initial");
  });
}

void read_facility(MapReader& map, StreamConfig& out) {
  map.one_of("facility", kFacilities, [&](size_t i) { out.facility = static_cast<unsigned>(i); });
}

}  // namespace sluice::config
