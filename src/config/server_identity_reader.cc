#include "config/server_identity_reader.h"

#include <algorithm>

namespace sluice::config {
namespace {

using yaml::Item;
using yaml::MapReader;

/// NAMEDATALEN - 1: PostgreSQL would cut a longer one, and mean another role.
constexpr size_t kLongestRole = 63;

void read_role(MapReader& map, const std::string& key, std::string& out, bool required) {
  if (!map.scalar(key, out, required)) return;
  // "none" is the role that the gateway has logged in as.
  if (out.empty() || out.size() > kLongestRole || out == "none") {
    map.problem(key, "expected a role of the server, of at most 63 bytes and not \"none\"");
  }
}

void words(MapReader& map, const std::string& key, std::vector<std::string>& out) {
  map.list(key, [&](const Item& item) -> std::string {
    out.push_back(item.text);
    return item.text.empty() ? "expected a name" : "";
  });
}

RoleRule read_rule(MapReader& map) {
  RoleRule rule;
  words(map, "users", rule.users);
  words(map, "groups", rule.groups);
  map.list("kinds", [&](const Item& item) -> std::string {
    static const std::vector<std::string> known = {"human", "service", "agent"};
    rule.kinds.push_back(item.text);
    const bool good = std::find(known.begin(), known.end(), item.text) != known.end();
    return good ? "" : "expected human, service or agent";
  });
  if (rule.users.empty() && rule.groups.empty() && rule.kinds.empty()) {
    map.problem("role",
                "of whom? Expected users, groups or kinds; for everybody else there is "
                "default_role");
  }
  read_role(map, "role", rule.role, true);
  return rule;
}

}  // namespace

void read_server_identity(MapReader& database, ServerIdentityConfig& out) {
  database.map("identity", [&](MapReader& map) {
    map.boolean("settings", out.settings);
    if (map.has("roles")) {
      map.maps("roles", "a role", [&](MapReader& entry) { out.roles.push_back(read_rule(entry)); });
    }
    read_role(map, "default_role", out.default_role, false);
    map.one_of("end_user", {"optional", "required"},
               [&](size_t i) { out.end_user_required = i == 1; });
    map.list("trusted_functions", [&](const Item& item) -> std::string {
      out.trusted_functions.push_back(item.text);
      return item.text.find('.') == std::string::npos ? "expected schema.function" : "";
    });
  });
}

}  // namespace sluice::config
