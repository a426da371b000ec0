#include "config/units.h"

#include <array>
#include <charconv>

#include <fmt/format.h>

namespace sluice::config {
namespace {

tl::unexpected<Error> bad(std::string text) {
  return fail(ErrorCode::kInvalidInput, std::move(text));
}

Result<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    unsigned value = 0;
    const char* end = text.data() + std::min(i + 3, text.size());
    if (i + 2 >= text.size() || std::from_chars(text.data() + i + 1, end, value, 16).ptr != end) {
      return bad("invalid percent-encoding in the url");
    }
    // libpq, and the server's start-up message, would read what follows a zero byte as their own.
    if (value < 0x20 || value == 0x7f)
      return bad("the url must not contain control characters, nor their percent-encoding");
    out.push_back(static_cast<char>(value));
    i += 2;
  }
  return out;
}

Result<SslMode> parse_sslmode(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, SslMode>, 6> kModes = {
      {{"disable", SslMode::kDisable},
       {"allow", SslMode::kAllow},
       {"prefer", SslMode::kPrefer},
       {"require", SslMode::kRequire},
       {"verify-ca", SslMode::kVerifyCa},
       {"verify-full", SslMode::kVerifyFull}}};
  for (const auto& [name, mode] : kModes) {
    if (name == text) return mode;
  }
  return bad(fmt::format(
      "sslmode must be disable, allow, prefer, require, verify-ca or verify-full, not \"{}\"",
      text));
}

/// libpq's require_auth, without what it has against methods by name.
Result<std::vector<std::string>> parse_require_auth(std::string_view text) {
  std::vector<std::string> methods;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    const std::string_view method = text.substr(at, end - at);
    if (method != "scram-sha-256" && method != "md5" && method != "password" && method != "none") {
      return bad(
          fmt::format("require_auth is a list of scram-sha-256, md5, password and none, "
                      "separated by commas; not \"{}\"",
                      text));
    }
    methods.emplace_back(method);
    at = end + 1;
  }
  return methods;
}

Result<> set_option(DatabaseConfig& database, std::string_view name, const std::string& value) {
  if (name == "sslmode") {
    SLUICE_ASSIGN(database.sslmode, parse_sslmode(value));
  } else if (name == "sslrootcert") {
    database.sslrootcert = value;
  } else if (name == "sslcert") {
    database.sslcert = value;
  } else if (name == "sslkey") {
    database.sslkey = value;
  } else if (name == "host") {
    database.host = value;
  } else if (name == "channel_binding") {
    if (value != "require" && value != "prefer")
      return bad("channel_binding must be prefer or require");
    database.channel_binding_required = value == "require";
  } else if (name == "require_auth") {
    SLUICE_ASSIGN(database.require_auth, parse_require_auth(value));
  } else {
    return bad(
        fmt::format("unknown url option \"{}\"; known: sslmode, sslrootcert, sslcert, sslkey, "
                    "channel_binding, require_auth, host",
                    name));
  }
  return {};
}

}  // namespace

Result<HostPort> parse_host_port(std::string_view text) {
  const size_t colon = text.rfind(':');
  uint16_t port = 0;
  const char* end = text.data() + text.size();
  if (colon == std::string_view::npos ||
      std::from_chars(text.data() + colon + 1, end, port).ptr != end || colon + 1 == text.size()) {
    return bad(fmt::format("expected host:port, got \"{}\"", text));
  }
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return bad(fmt::format("put the IPv6 address in brackets: \"[{}]:{}\"", host, port));
  }
  return HostPort{host.empty() ? "0.0.0.0" : std::string(host), port};
}

Result<> parse_database_url(std::string_view text, DatabaseConfig& database) {
  std::string_view rest = text;
  for (const std::string_view scheme : {"postgres://", "postgresql://"}) {
    if (rest.starts_with(scheme)) rest.remove_prefix(scheme.size());
  }
  if (rest.size() == text.size()) {
    return bad("expected a url such as postgres://db.internal:5432/orders?sslmode=verify-full");
  }
  const size_t query = rest.find('?');
  std::string_view options = query == std::string_view::npos ? "" : rest.substr(query + 1);
  rest = rest.substr(0, query);
  const size_t slash = rest.find('/');
  const std::string_view authority = rest.substr(0, slash);
  if (authority.find('@') != std::string_view::npos) {
    return bad("the url must not contain a user or password: use the keys user and password_file");
  }
  if (!authority.empty()) {
    const bool bracketed = authority.ends_with(']');
    if (bracketed || authority.find(':') == std::string_view::npos) {
      database.host = bracketed ? authority.substr(1, authority.size() - 2) : authority;
    } else {
      SLUICE_ASSIGN(const HostPort where, parse_host_port(authority));
      database.host = where.host;
      database.port = where.port;
    }
  }
  if (slash != std::string_view::npos) {
    SLUICE_ASSIGN(database.server_database, percent_decode(rest.substr(slash + 1)));
  }
  while (!options.empty()) {
    const std::string_view option = options.substr(0, options.find('&'));
    options.remove_prefix(std::min(option.size() + 1, options.size()));
    const size_t equals = option.find('=');
    if (equals == std::string_view::npos)
      return bad(fmt::format("url option \"{}\" has no value", option));
    SLUICE_ASSIGN(const std::string value, percent_decode(option.substr(equals + 1)));
    if (option.substr(0, equals) == "port") {
      SLUICE_ASSIGN(const HostPort where, parse_host_port("x:" + value));
      database.port = where.port;
      continue;
    }
    SLUICE_TRY(set_option(database, option.substr(0, equals), value));
  }
  if (database.host.empty()) return bad("the url names no host");
  if (database.server_database.empty()) return bad("the url names no database");
  return {};
}

}  // namespace sluice::config
