#include "config/stream_reader.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "config/units.h"

namespace sluice::config {
namespace {

using yaml::MapReader;

constexpr std::array<const char*, 6> kTypes = {"file", "http", "syslog", "nats", "otlp", "webhook"};
/// RFC 5424, table 1, under the names that syslog.conf(5) gives them.
const std::vector<std::string> kFacilities = {
    "kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
    "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "audit",  "alert",  "clock",
    "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7"};
const std::vector<std::string> kDecisions = {"allowed", "denied", "skipped", "lost", "limited"};

std::vector<std::string> schemes_of(StreamType type) {
  switch (type) {
    case StreamType::kSyslog:
      return {"tcp", "tls"};
    case StreamType::kNats:
      return {"nats", "tls"};
    default:
      return {"http", "https"};
  }
}

/// Letters, digits, - and _: the name is part of file names, thread names and labels of metrics.
bool is_name(const std::string& text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

/// What is wrong with a receiver's address; "" for nothing.
std::string url_problem(const std::string& url, StreamType type) {
  const auto schemes = schemes_of(type);
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
  const bool bare = type == StreamType::kSyslog || type == StreamType::kNats;
  if (bare) {
    if (const auto parsed = parse_host_port(authority); !parsed) return parsed.error().text;
    if (end + 3 + authority.size() != url.size()) return "nothing may follow the port";
  }
  const auto odd = [](unsigned char c) { return c <= ' ' || c == 0x7f; };
  return std::any_of(url.begin(), url.end(), odd) ? "contains blanks or control characters" : "";
}

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

class StreamReader {
 public:
  StreamReader(MapReader& map, const SecretSource& secrets) : map_(map), secrets_(secrets) {}

  StreamConfig read(const std::vector<StreamConfig>& others) {
    read_name(others);
    const std::vector<std::string> types(kTypes.begin(), kTypes.end());
    bool typed = false;
    map_.one_of("type", types, [&](size_t i) {
      out_.type = static_cast<StreamType>(i);
      typed = true;
    });
    if (!typed) {
      if (!map_.has("type"))
        map_.problem("type", fmt::format("expected one of {}", fmt::join(types, ", ")));
      map_.skip();  // Which keys belong here is not known.
      return std::move(out_);
    }
    read_common();
    if (out_.type == StreamType::kFile) {
      if (std::string path; map_.scalar("path", path, true)) out_.path = secrets_.path(path);
      return std::move(out_);
    }
    if (map_.scalar("url", out_.url, true)) {
      if (const auto wrong = url_problem(out_.url, out_.type); !wrong.empty())
        map_.problem("url", wrong);
    }
    map_.map("tls", [this](MapReader& tls) { read_tls(tls); });
    read_kind_of_receiver();
    return std::move(out_);
  }

 private:
  void read_name(const std::vector<StreamConfig>& others) {
    if (!map_.scalar("name", out_.name, true)) return;
    if (!is_name(out_.name)) map_.problem("name", "expected up to 64 letters, digits, - and _");
    for (const auto& other : others) {
      if (other.name == out_.name) map_.problem("name", "this name is taken by another stream");
    }
  }

  void read_common() {
    const bool syslog = out_.type == StreamType::kSyslog;
    if (syslog) out_.format = StreamFormat::kText;
    if (out_.type != StreamType::kOtlp) {
      std::vector<std::string> formats = {"record", "ocsf"};
      if (syslog) formats.emplace_back("text");
      map_.one_of("format", formats,
                  [this](size_t i) { out_.format = static_cast<StreamFormat>(i); });
    }
    map_.one_of("from", {"beginning", "now"}, [this](size_t i) { out_.from_now = i == 1; });
    map_.map("filter", [this](MapReader& filter) {
      words(filter, "type", out_.filter.types, {});
      words(filter, "user", out_.filter.users, {});
      words(filter, "database", out_.filter.databases, {});
      words(filter, "decision", out_.filter.decisions, kDecisions);
      words(filter, "kind", out_.filter.kinds, {});
    });
    map_.map("batch", [this](MapReader& batch) {
      batch.number("records", out_.batch_records, 1, 10'000);
      batch.parsed("size", out_.batch_bytes, parse_size);
      if (out_.batch_bytes < (4 << 10) || out_.batch_bytes > (64 << 20))
        batch.problem("size", "must be from 4KiB to 64MiB");
    });
    map_.parsed("timeout", out_.timeout, parse_duration);
    if (out_.timeout < std::chrono::milliseconds(100) || out_.timeout > std::chrono::hours(1))
      map_.problem("timeout", "must be from 100ms to 1h");
    map_.map("retry", [this](MapReader& retry) {
      retry.parsed("initial", out_.retry_initial, parse_duration);
      retry.parsed("maximum", out_.retry_maximum, parse_duration);
      if (out_.retry_initial < std::chrono::milliseconds(1))
        retry.problem("initial", "must be at least 1ms");
      if (out_.retry_maximum < out_.retry_initial)
        retry.problem("maximum", "must not be shorter than initial");
    });
  }

  static void words(MapReader& map, const std::string& key, std::vector<std::string>& out,
                    const std::vector<std::string>& known) {
    map.list(key, [&](const yaml::Item& item) -> std::string {
      if (!known.empty() && std::find(known.begin(), known.end(), item.text) == known.end())
        return fmt::format("expected one of {}, got \"{}\"", fmt::join(known, ", "), item.text);
      out.push_back(item.text);
      return "";
    });
  }

  void read_tls(MapReader& tls) {
    for (const auto& [key, file] : {std::pair{"ca", &out_.tls.ca},
                                    {"certificate", &out_.tls.certificate},
                                    {"key", &out_.tls.key}}) {
      if (tls.scalar(key, *file)) *file = secrets_.path(*file);
    }
    if (out_.tls.certificate.empty() != out_.tls.key.empty())
      tls.problem("certificate", "certificate and key belong together");
    if (!out_.url.starts_with("https:") && !out_.url.starts_with("tls:"))
      map_.problem("tls", "the url asks for no TLS: begin it with https:// or tls://");
  }

  void read_kind_of_receiver() {
    switch (out_.type) {
      case StreamType::kHttp:
        map_.one_of("body", {"array", "lines"}, [this](size_t i) { out_.lines = i == 1; });
        read_http();
        break;
      case StreamType::kOtlp:
        read_http();
        map_.boolean("logs", out_.logs);
        map_.boolean("traces", out_.traces);
        if (!out_.logs && !out_.traces) map_.problem("logs", "nothing is left to be sent");
        break;
      case StreamType::kWebhook:
        read_http();
        if (!read_secret(map_, "secret", secrets_, out_.secret))
          map_.problem("secret_file", "a webhook is signed: give secret_file or secret_env");
        break;
      case StreamType::kSyslog:
        map_.one_of("facility", kFacilities,
                    [this](size_t i) { out_.facility = static_cast<unsigned>(i); });
        break;
      case StreamType::kNats:
        read_nats();
        break;
      case StreamType::kFile:
        break;
    }
  }

  void read_http() {
    read_secret(map_, "authorization", secrets_, out_.authorization);
    const YAML::Node headers = map_.node("headers");
    if (!headers.IsDefined()) return;
    if (!headers.IsMap()) {
      map_.problem("headers", "expected a mapping of names to values");
      return;
    }
    for (const auto& header : headers) {
      const auto name = header.first.as<std::string>("");
      const auto value = header.second.as<std::string>("");
      if (const auto wrong = header_problem(name, value); !wrong.empty())
        map_.problem("headers", wrong);
      out_.headers[name] = value;
    }
  }

  void read_nats() {
    if (map_.scalar("subject", out_.subject, true) &&
        (out_.subject.find_first_of("*> \t\r\n") != std::string::npos ||
         out_.subject.starts_with('.') || out_.subject.ends_with('.'))) {
      map_.problem("subject",
                   "expected a subject without wildcards and blanks, such as sluice.audit");
    }
    map_.scalar("user", out_.user);
    const bool password = read_secret(map_, "password", secrets_, out_.password);
    if (password == out_.user.empty()) map_.problem("user", "user and password belong together");
    int ways = password ? 1 : 0;
    if (read_secret(map_, "token", secrets_, out_.token)) ++ways;
    if (map_.scalar("credentials_file", out_.credentials_file)) {
      ++ways;
      out_.credentials_file = secrets_.path(out_.credentials_file);
    }
    if (ways > 1) map_.problem("user", "give only one of password, token and credentials_file");
  }

  MapReader& map_;
  const SecretSource& secrets_;
  StreamConfig out_;
};

}  // namespace

const char* name_of(StreamType type) { return kTypes[static_cast<size_t>(type)]; }

void read_streams(MapReader& audit, const SecretSource& secrets, std::vector<StreamConfig>& out) {
  if (!audit.has("streams")) {
    (void)audit.node("streams");  // A key that is known, if absent.
    return;
  }
  audit.maps("streams", "a stream",
             [&](MapReader& map) { out.push_back(StreamReader(map, secrets).read(out)); });
}

}  // namespace sluice::config
