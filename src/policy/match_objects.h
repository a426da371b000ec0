#pragma once

#include "policy/match.h"

namespace sluice::policy {

/// Whether `on` speaks of what a demand is done to.
Truth matches_objects(const Rule& rule, const Demand& demand, const Question& question);

/// Whether one of `patterns` names a function, or its risk.
Truth matches_function(const FunctionPatterns& patterns, const Demand& demand,
                       const catalog::Catalog* catalog);

}  // namespace sluice::policy
