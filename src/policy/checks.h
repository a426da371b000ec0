#pragma once

#include <vector>

#include "policy/rule.h"
#include "yaml/reader.h"

namespace sluice::policy {

/// Finds rules that could be left out, that can never apply, or that contradict each other.
void check_rules(const std::vector<Rule>& rules, yaml::Problems& problems);

}  // namespace sluice::policy
