#include "config/password_source_reader.h"

#include <fmt/format.h>

#include "config/identity.h"
#include "config/units.h"

namespace sluice::config {
namespace {

using yaml::Item;
using yaml::MapReader;

void read_vault(MapReader& map, const SecretSource& secrets, VaultSecret& out) {
  if (map.scalar("url", out.url, true)) {
    while (out.url.ends_with('/')) out.url.pop_back();
    // The token and the password are in it.
    if (!out.url.starts_with("https://") && !is_loopback_http(out.url)) {
      map.problem("url", "expected an https:// URL, or http:// on the loopback address");
    }
  }
  if (map.scalar("path", out.path, true) &&
      (out.path.starts_with('/') || out.path.find("/data/") == std::string::npos ||
       out.path.find_first_of("?# ") != std::string::npos)) {
    map.problem("path", "expected MOUNT/data/NAME, such as secret/data/orders");
  }
  map.scalar("field", out.field);
  if (map.scalar("token_file", out.token_file, true)) {
    out.token_file = secrets.path(out.token_file);
    if (secrets.resolve) {
      if (const auto token = read_secret_file(out.token_file); !token)
        map.problem("token_file", token.error().text);
    }
  }
  if (map.scalar("ca", out.ca)) out.ca = secrets.path(out.ca);
}

}  // namespace

std::string describe(const PasswordSource& source) {
  switch (source.kind) {
    case PasswordSource::Kind::kFile:
      return "the file " + source.name;
    case PasswordSource::Kind::kEnvironment:
      return "the environment variable " + source.name;
    case PasswordSource::Kind::kCommand:
      return "the command " + source.command.front();
    case PasswordSource::Kind::kVault:
      return fmt::format("{} at {}", source.vault.path, source.vault.url);
    case PasswordSource::Kind::kGiven:
      if (!source.name.empty()) return source.name;
      break;
  }
  return "the configuration";
}

void read_password_source(MapReader& database, const SecretSource& secrets, PasswordSource& out,
                          SecretString& password) {
  using Kind = PasswordSource::Kind;
  int given = read_secret(database, "password", secrets, password) ? 1 : 0;
  std::string text;
  if (database.has("password_file") && database.scalar("password_file", text)) {
    out.kind = Kind::kFile;
    out.name = secrets.path(text);
  } else if (database.has("password_env") && database.scalar("password_env", text)) {
    out.kind = Kind::kEnvironment;
    out.name = text;
  }
  const bool command = database.list("password_command", [&](const Item& item) -> std::string {
    out.command.push_back(item.text);
    return item.text.find('\0') == std::string::npos ? "" : "expected text without NUL";
  });
  if (command) {
    ++given;
    out.kind = Kind::kCommand;
    if (!out.command.empty() && !out.command.front().starts_with('/')) {
      database.problem("password_command",
                       "expected a list: the program with its whole path, and its arguments");
    }
  }
  database.map("password_vault", [&](MapReader& map) {
    ++given;
    out.kind = Kind::kVault;
    read_vault(map, secrets, out.vault);
  });
  database.parsed("password_timeout", out.timeout, parse_duration);
  if (out.timeout < std::chrono::milliseconds(100) || out.timeout > std::chrono::minutes(1)) {
    database.problem("password_timeout", "must be from 100ms to 1m");
  }
  if (given > 1) {
    database.problem("password_file",
                     "give only one of password_file, password_env, password_command and "
                     "password_vault");
  }
}

}  // namespace sluice::config
