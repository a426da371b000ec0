#include "config/store_reader.h"

#include <algorithm>

#include "config/units.h"

namespace sluice::config {
namespace {

/// Where Debian keeps the authorities that a system trusts.
constexpr const char* kSystemAuthorities = "/etc/ssl/certs/ca-certificates.crt";

tl::unexpected<Error> bad(std::string text) {
  return fail(ErrorCode::kInvalidInput, std::move(text));
}

bool is_here(std::string_view host) {
  return host.starts_with('/') || host.starts_with("127.") || host == "::1" || host == "localhost";
}

/// Takes "name=value" out of the options of a url.
std::string take_option(std::string& url, std::string_view name) {
  size_t begin = url.find('?');
  while (begin != std::string::npos && begin + 1 < url.size()) {
    const size_t end = std::min(url.find('&', begin + 1), url.size());
    const std::string option = url.substr(begin + 1, end - begin - 1);
    if (option.starts_with(std::string(name) + "=")) {
      // What follows takes its place.
      url.erase(begin + 1, std::min(end + 1, url.size()) - begin - 1);
      return option.substr(name.size() + 1);
    }
    begin = end == url.size() ? std::string::npos : end;
  }
  return {};
}

bool is_plain_name(std::string_view name) {
  if (name.empty() || name.size() > 63 || name.starts_with("pg_")) return false;
  for (const char c : name) {
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_') return false;
  }
  return true;
}

/// postgres://user@host:port/database?sslmode=…&schema=…
Result<> parse_store_url(std::string url, StoreConfig& store) {
  const size_t scheme = url.find("://");
  const size_t begin = scheme == std::string::npos ? 0 : scheme + 3;
  // A password may have any sign in it; its url is never shown.
  const size_t at = url.substr(0, url.find('?')).rfind('@');
  if (at == std::string::npos || at < begin || at == begin)
    return bad("expected a url such as postgres://sluice@db.internal/sluice?sslmode=verify-full");
  store.server.user = url.substr(begin, at - begin);
  if (store.server.user.find_first_of(":/") != std::string::npos) {
    store.server.user.clear();
    return bad(
        "a password must not stand in the url: put it into a file, and name that by "
        "store_password_file");
  }
  url.erase(begin, at + 1 - begin);
  const std::string schema = take_option(url, "schema");
  if (!schema.empty()) store.schema = schema;
  if (!is_plain_name(store.schema))
    return bad("a schema's name has lower case letters, digits and _, and does not begin with pg_");
  const bool said = url.find("sslmode=") != std::string::npos;
  SLUICE_TRY(parse_database_url(url, store.server));
  auto& server = store.server;
  if (!said) server.sslmode = is_here(server.host) ? SslMode::kDisable : SslMode::kVerifyFull;
  if (server.sslmode == SslMode::kAllow || server.sslmode == SslMode::kPrefer) {
    return bad(
        "sslmode must not leave it to the network whether there is TLS: say verify-full, or "
        "disable if that is meant");
  }
  return {};
}

}  // namespace

void read_store(yaml::MapReader& top, const SecretSource& secrets, StoreConfig& store) {
  std::string url;
  const bool shared = top.scalar("store", url);
  const bool secret = read_secret(top, "store_password", secrets, store.server.password);
  std::string file;
  if (top.scalar("store_password_file", file)) store.password_file = secrets.path(file);
  top.parsed("store_grace", store.grace, parse_duration);
  if (store.grace < std::chrono::seconds(2) || store.grace > std::chrono::hours(1))
    top.problem("store_grace", "must be from 2s to 1h");
  if (!shared) {
    if (secret) top.problem("store_password_file", "there is no store that it is for");
    return;
  }
  if (const auto parsed = parse_store_url(url, store); !parsed) {
    top.problem("store", parsed.error().text);
    store.server.host.clear();
    return;
  }
  auto& server = store.server;
  for (std::string* path : {&server.sslcert, &server.sslkey}) {
    if (!path->empty()) *path = secrets.path(*path);
  }
  const bool system = server.sslrootcert.empty() || server.sslrootcert == "system";
  const bool verifies =
      server.sslmode == SslMode::kVerifyCa || server.sslmode == SslMode::kVerifyFull;
  if (!system) server.sslrootcert = secrets.path(server.sslrootcert);
  if (system) server.sslrootcert = verifies ? kSystemAuthorities : "";
}

Result<SecretString> StoreConfig::current_password() const {
  if (password_file.empty()) return server.password;
  return read_secret_file(password_file);
}

}  // namespace sluice::config
