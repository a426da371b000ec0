#pragma once

#include "policy/rule.h"
#include "yaml/reader.h"

namespace sluice::policy {

/// Reads the parts of a rule that `automatic` is made of.
using ReadPart = void (*)(yaml::MapReader&, Rule&);

/// Reads `approve` of a rule that holds, where it is there.
void read_approve(yaml::MapReader& map, Rule& rule, ReadPart conditions);

}  // namespace sluice::policy
