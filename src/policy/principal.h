#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::policy {

enum class PrincipalKind : uint8_t { kHuman, kService, kAgent };

/// "human", "service", "agent".
std::string_view name_of(PrincipalKind kind);

/// Who a verified connection is, as far as rules may ask.
struct Principal {
  std::string user;
  std::vector<std::string> groups;
  PrincipalKind kind = PrincipalKind::kHuman;
  std::map<std::string, std::string> attributes;
  std::string authentication;  ///< "scram-sha-256", "scram-sha-256-plus", …
};

/// Where a statement is going.
struct Target {
  std::string database;     ///< the name clients use
  std::string environment;  ///< "production", "staging", …
};

}  // namespace sluice::policy
