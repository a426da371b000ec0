#include "gateway/wanted_database.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.h"
#include "config/units.h"

namespace sluice::gateway {
namespace {

using config::SslMode;

tl::unexpected<Error> bad(std::string text) {
  return fail(ErrorCode::kInvalidInput, std::move(text));
}

bool is_name(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return !name.empty() && name.size() <= 63 && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), good);
}

bool is_line(std::string_view text, size_t most) {
  const auto control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  return !text.empty() && text.size() <= most && is_utf8(text) &&
         std::none_of(text.begin(), text.end(), control);
}

bool is_loopback(std::string_view host) {
  return host.starts_with("127.") || host == "::1" || host == "localhost";
}

Result<> check_words(const store::KeptDatabase& row, std::string_view password) {
  if (!is_name(row.name)) {
    return bad(
        "name: 1 to 63 letters, digits, \"-\", \"_\" and \".\"; it is what clients put in dbname");
  }
  if (!is_line(row.environment, 100))
    return bad("environment: a word by which policies tell it apart, such as production");
  if (!is_line(row.url, 2000))
    return bad("url: expected a url such as postgres://db.internal:5432/orders");
  if (!is_line(row.user, 63)) return bad("user: the gateway's own role at the server");
  if (row.authority.size() > 64UL * 1024 || row.authority.find('\0') != std::string::npos ||
      (!row.authority.empty() && !row.authority.starts_with("-----BEGIN CERTIFICATE-----"))) {
    return bad("authority: certificates as PEM, -----BEGIN CERTIFICATE-----, of at most 64 KiB");
  }
  if (row.pool_size < 1 || row.pool_size > 10'000) return bad("pool_size: from 1 to 10000");
  if (!is_line(password, 1000))
    return bad("password: the role's password at the server, one line of at most 1000 bytes");
  return {};
}

/// Nothing of the gateway's own machine is for admins over HTTP: its files, and whom its sockets
/// take it for.
Result<> check_place(const config::DatabaseConfig& database) {
  if (database.host.starts_with('/') || database.host.starts_with('@')) {
    return bad(
        "url: sockets of the gateway's machine are for its configuration file alone; name a host "
        "and port");
  }
  const bool file = !database.sslrootcert.empty() && database.sslrootcert != "system";
  if (file || !database.sslcert.empty() || !database.sslkey.empty()) {
    return bad(
        "url: files of the gateway's machine (sslrootcert, sslcert, sslkey) are for its "
        "configuration file alone; give the authority's certificate itself");
  }
  return {};
}

Result<> settle_tls(const store::KeptDatabase& row, config::DatabaseConfig& database) {
  if (row.url.find("sslmode=") == std::string::npos) {
    const bool here = is_loopback(database.host) && row.authority.empty();
    database.sslmode = here ? SslMode::kDisable : SslMode::kVerifyFull;
  }
  if (database.sslmode == SslMode::kAllow || database.sslmode == SslMode::kPrefer) {
    return bad(
        "url: sslmode must not leave it to the network whether there is TLS: say verify-full, or "
        "disable if that is meant");
  }
  if (database.sslmode == SslMode::kDisable && !row.authority.empty())
    return bad(
        "authority: there is no certificate to be checked, for the url says sslmode=disable");
  if (!row.authority.empty() && !database.sslrootcert.empty())
    return bad("authority: the url says sslrootcert=system; give one of them");
  return {};
}

}  // namespace

Result<config::DatabaseConfig> config_of(const store::KeptDatabase& row, SecretString password) {
  SLUICE_TRY(check_words(row, password.reveal()));
  config::DatabaseConfig out;
  out.name = row.name;
  out.environment = row.environment;
  if (auto parsed = config::parse_database_url(row.url, out); !parsed)
    return fail(std::move(parsed.error()).within("url"));
  SLUICE_TRY(check_place(out));
  SLUICE_TRY(settle_tls(row, out));
  const auto& asked = out.require_auth;
  if (std::find(asked.begin(), asked.end(), "none") != asked.end())
    return bad("url: require_auth=none: a server that asks nobody for a password may be anybody's");
  if (asked.empty()) {
    out.require_auth = {"scram-sha-256"};
    if (out.sslmode != SslMode::kDisable) out.require_auth.insert(asked.end(), {"md5", "password"});
  }
  out.user = row.user;
  out.password = std::move(password);
  out.password_source.name = "what was given when it was added; it can be changed there";
  out.masking = row.masking;
  out.stamp_writes = row.stamp_writes;
  out.pool.size = row.pool_size;
  return out;
}

bool goes_to_the_same_place(const store::KeptDatabase& a, const store::KeptDatabase& b) {
  return a.name == b.name && a.url == b.url && a.user == b.user && a.authority == b.authority;
}

bool is_judged_alike(const store::KeptDatabase& a, const store::KeptDatabase& b) {
  return a.environment == b.environment && a.masking == b.masking;
}

std::string words_of(const store::KeptDatabase& row) {
  std::string out = fmt::format("{} as {}, environment {}, masking {}", row.url, row.user,
                                row.environment, row.masking ? "on" : "off");
  if (!row.authority.empty()) out += ", by an authority of its own";
  return out;
}

}  // namespace sluice::gateway
