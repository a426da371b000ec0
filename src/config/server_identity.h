#pragma once

#include <string>
#include <vector>

namespace sluice::config {

/// One entry of a database's `identity.roles`: whoever all of its lists are true of acts as `role`.
/// A list that is not given is true of everybody.
struct RoleRule {
  std::vector<std::string> users, groups, kinds;
  std::string role;
  friend bool operator==(const RoleRule&, const RoleRule&) = default;
};

/// What a database's server is told of who somebody is (docs/identity.md, "To the database").
struct ServerIdentityConfig {
  bool settings = false;           ///< sluice.user and its like, for row-level security
  std::vector<RoleRule> roles;     ///< the first that fits
  std::string default_role;        ///< of whom none fits; empty: they are refused
  bool end_user_required = false;  ///< services that can say for whom they act have to
  /// "schema.name" of functions with dynamic SQL that never change any of it.
  std::vector<std::string> trusted_functions;

  bool maps_roles() const { return !roles.empty() || !default_role.empty(); }
  /// Whether clients must not change what the server believes.
  bool guarded() const { return settings || maps_roles(); }
  friend bool operator==(const ServerIdentityConfig&, const ServerIdentityConfig&) = default;
};

}  // namespace sluice::config
