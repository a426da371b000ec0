#include "config/ldap_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/identity.h"
#include "config/password_source_reader.h"
#include "config/receiver_reader.h"
#include "config/units.h"

namespace sluice::config {
namespace {

using yaml::Item;
using yaml::MapReader;

constexpr std::string_view kUser = "{user}";

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

class LdapReader {
 public:
  LdapReader(MapReader& map, const SecretSource& secrets) : map_(map), secrets_(secrets) {}

  LdapConfig read(const std::vector<LdapConfig>& others) {
    read_name(others);
    read_server();
    read_search();
    read_groups();
    map_.boolean("provision", out_.provision);
    map_.boolean("scim", out_.scim);
    if (out_.scim && (out_.provision || out_.has_groups())) {
      map_.problem("scim",
                   "who is kept over SCIM is not made by a login, and has the groups that SCIM "
                   "says: leave out provision and the groups");
    }
    read_times();
    return std::move(out_);
  }

 private:
  void read_name(const std::vector<LdapConfig>& others) {
    if (!map_.scalar("name", out_.name, true)) return;
    if (!is_receiver_name(out_.name))
      map_.problem("name", "expected up to 64 letters, digits, - and _");
    const auto same = [this](const LdapConfig& other) { return other.name == out_.name; };
    if (std::any_of(others.begin(), others.end(), same))
      map_.problem("name", "this name is taken by another directory");
  }

  /// scheme://host[:port], and nothing behind it.
  std::string url_problem(const std::string& url) const {
    const bool tls = url.starts_with("ldaps://");
    if (!tls && !url.starts_with("ldap://")) return "expected ldaps://HOST or ldap://HOST";
    const std::string authority(authority_of(url));
    if (authority.empty() || authority.find_first_of(" @%,") != std::string::npos ||
        url.size() != (tls ? 8 : 7) + authority.size())
      return "expected ldaps://HOST[:PORT], and nothing behind it";
    const size_t bracket = authority.find(']');
    const size_t colon = authority.find(':', bracket == std::string::npos ? 0 : bracket);
    if (tls && out_.start_tls) return "ldaps:// has TLS already: leave out start_tls";
    if (tls || out_.start_tls || out_.insecure || is_loopback(authority.substr(0, colon)))
      return "";
    return "passwords would go over the network in clear: use ldaps://, or start_tls: true";
  }

  void read_server() {
    map_.boolean("start_tls", out_.start_tls);
    map_.boolean("insecure", out_.insecure);
    map_.list("url", [this](const Item& item) {
      out_.urls.push_back(item.text);
      return url_problem(item.text);
    });
    if (out_.urls.empty()) map_.problem("url", "expected where the directory is: ldaps://HOST");
    map_.map("tls", [this](MapReader& tls) {
      if (tls.scalar("ca", out_.ca)) out_.ca = secrets_.path(out_.ca);
    });
    map_.scalar("bind_dn", out_.bind_dn);
    read_password_source(map_, secrets_, out_.password_source, out_.password);
    const bool password = out_.password_source.kind != PasswordSource::Kind::kGiven ||
                          !out_.password.empty() || map_.has("password");
    if (password == out_.bind_dn.empty()) {
      map_.problem("bind_dn", out_.bind_dn.empty()
                                  ? "a password needs the bind_dn whose it is"
                                  : "needs its password: password_file, password_env, "
                                    "password_command or password_vault");
    }
  }

  /// A filter that is one, and has its placeholder.
  void read_filter(const char* key, std::string& out, std::string_view placeholder) {
    if (!map_.scalar(key, out)) return;
    const auto count = [&](char c) { return std::count(out.begin(), out.end(), c); };
    if (!out.starts_with('(') || !out.ends_with(')') || count('(') != count(')'))
      map_.problem(key, "expected a filter in brackets, such as (uid={user})");
    if (!placeholder.empty() && out.find(placeholder) == std::string::npos)
      map_.problem(key, fmt::format("expected {} where the name stands", placeholder));
  }

  void read_search() {
    if (map_.scalar("bind_template", out_.bind_template) &&
        (out_.bind_template.find(kUser) == std::string::npos ||
         out_.bind_template.find('=') == std::string::npos)) {
      map_.problem("bind_template",
                   "expected a DN with {user} in it: uid={user},ou=people,dc=example,dc=com");
    }
    map_.scalar("base", out_.base);
    if (out_.base.empty() && (out_.bind_template.empty() || !out_.bind_dn.empty()))
      map_.problem("base", "expected the DN below which people are");
    read_filter("user_filter", out_.user_filter, kUser);
    read_filter("active_filter", out_.active_filter, "");
    for (const auto& [key, name] :
         {std::pair{"user_attribute", &out_.user_attribute}, {"id_attribute", &out_.id_attribute}})
      read_attribute(key, *name);
  }

  void read_attribute(const char* key, std::string& out) {
    if (!map_.scalar(key, out)) return;
    const bool good = !out.empty() && std::all_of(out.begin(), out.end(), [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '-' || c == '.' || c == ';';
    });
    if (!good) map_.problem(key, "expected the name of an attribute");
  }

  void read_groups() {
    read_attribute("groups_attribute", out_.groups_attribute);
    map_.scalar("groups_base", out_.groups_base);
    read_filter("groups_filter", out_.groups_filter, "{dn}");
    read_attribute("groups_name", out_.groups_name);
    map_.boolean("groups_nested", out_.groups_nested);
    map_.scalar("groups_prefix", out_.groups_prefix);
    const YAML::Node node = map_.node("groups_map");
    if (node.IsDefined() && node.IsMap()) {
      for (const auto& entry : node) {
        const auto there = entry.first.as<std::string>("");
        const auto here = entry.second.IsScalar() ? entry.second.as<std::string>("") : "";
        if (there.empty() || here.empty())
          map_.problem("groups_map", "expected a name here for each name or DN there");
        out_.groups_map[there] = here;
      }
    } else if (node.IsDefined()) {
      map_.problem("groups_map", "expected names or DNs there, and what they are here");
    }
    if (!out_.groups_attribute.empty() && !out_.groups_base.empty()) {
      map_.problem("groups_base",
                   "groups are those of groups_attribute, or those that are looked for below "
                   "groups_base: give one of them");
    }
    for (const char* key : {"groups_map", "groups_prefix"}) {
      if (map_.has(key) && !out_.has_groups())
        map_.problem(key, "needs groups_attribute or groups_base");
    }
    for (const char* key : {"groups_filter", "groups_name", "groups_nested"}) {
      if (map_.has(key) && out_.groups_base.empty()) map_.problem(key, "needs groups_base");
    }
  }

  void period(const char* key, Duration& out, Duration low, Duration high, const char* range) {
    map_.parsed(key, out, parse_duration);
    if (out < low || out > high) map_.problem(key, fmt::format("must be {}", range));
  }

  void read_times() {
    period("session", out_.session, std::chrono::minutes(1), std::chrono::hours(24 * 7),
           "from 1m to 7d");
    period("timeout", out_.timeout, std::chrono::milliseconds(100), std::chrono::seconds(30),
           "from 100ms to 30s");
    period("recheck", out_.recheck, Duration::zero(), std::chrono::hours(24), "from 0s to 1d");
    period("recheck_grace", out_.recheck_grace, Duration::zero(), std::chrono::hours(24 * 7),
           "from 0s to 7d");
    if (out_.recheck > Duration::zero() && out_.recheck < std::chrono::seconds(1))
      map_.problem("recheck", "must be from 1s to 1d, or 0s for never");
    if (out_.recheck > Duration::zero() && !out_.bind_template.empty() && out_.bind_dn.empty()) {
      map_.problem("recheck",
                   "without a bind_dn nobody can be looked up later: give one, or recheck: 0s and "
                   "a short session");
    }
  }

  MapReader& map_;
  const SecretSource& secrets_;
  LdapConfig out_;
};

}  // namespace

LdapConfig read_ldap(MapReader& map, const SecretSource& secrets,
                     const std::vector<LdapConfig>& others) {
  return LdapReader(map, secrets).read(others);
}

}  // namespace sluice::config
