#pragma once

#include <string>
#include <vector>

#include "policy/rule.h"
#include "yaml/reader.h"

namespace sluice::policy {

/// Reads one mapping of `rules`; whatever is wrong goes to `problems`.
Rule read_rule(yaml::MapReader& map, yaml::Problems& problems);

}  // namespace sluice::policy
