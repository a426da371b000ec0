#pragma once

#include <functional>
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

/// What is wrong with the name of a rule or role; empty for nothing.
std::string check_rule_name(const std::string& name);

/// The parts of a rule that roles have, too.
void read_who(yaml::MapReader& map, Who& who);
void read_on(yaml::MapReader& map, On& on);
void read_when(yaml::MapReader& map, When& when);
/// Reads a mapping that must say something.
void read_part(yaml::MapReader& map, const std::string& key,
               const std::function<void(yaml::MapReader&)>& read);

/// Reads {days, from, to, zone}; without `zone` where that is wrong, which is a problem already.
TimeWindow read_window(yaml::MapReader& map);
/// Reads a mapping such as {rows: 100, bytes: 50MB}.
LimitSpec read_limit(yaml::MapReader& map);

}  // namespace sluice::policy
