#pragma once

#include "policy/rule.h"
#include "yaml/reader.h"

namespace sluice::policy {

/// Reads the keys of a rule that only `mask` and `unmask` have.
void read_veil(yaml::MapReader& map, VeilSpec& veil);

/// Reports keys of a rule that do not belong to its effect.
void check_keys_of_effect(yaml::MapReader& map, const Rule& rule);

/// Reports conditions of `when` that say nothing about a session and a moment.
void check_when_of_veil(yaml::MapReader& map);

}  // namespace sluice::policy
