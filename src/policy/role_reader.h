#pragma once

#include <set>
#include <string>
#include <vector>

#include "policy/role.h"
#include "yaml/reader.h"

namespace sluice::policy {

/// Reads one mapping of `roles`; whatever is wrong goes to `problems`.
Role read_role(yaml::MapReader& map, yaml::Problems& problems);

/// Reads `access_review`: the groups whose people say who keeps what.
std::vector<std::string> read_access_review(yaml::MapReader& map);

/// No two roles may have one name.
void check_roles(const std::vector<Role>& roles, yaml::Problems& problems);

/// As rule_keys(), of roles and access_review.
std::set<std::string> role_keys();

}  // namespace sluice::policy
