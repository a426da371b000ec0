#pragma once

#include <set>
#include <string>
#include <vector>

#include "policy/rule.h"
#include "yaml/reader.h"

namespace sluice::policy {

/// Reads one mapping of `rules`; whatever is wrong goes to `problems`.
Rule read_rule(yaml::MapReader& map, yaml::Problems& problems);

/// Every key a rule may have, as "where.key": "a rule.name", "who.users", "time.zone".
std::set<std::string> rule_keys();

/// Reads a mapping such as {rows: 100, bytes: 50MB}.
LimitSpec read_limit(yaml::MapReader& map);

}  // namespace sluice::policy
