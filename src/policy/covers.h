#pragma once

#include "policy/rule.h"

namespace sluice::policy {

/// `wide` certainly matches whoever `narrow` matches.
bool covers(const Who& wide, const Who& narrow);

/// `wide` certainly speaks of everything that `narrow` speaks of. Functions apart from relations: a
/// rule that names only the one is not about the other.
bool covers(const On& wide, const On& narrow);

}  // namespace sluice::policy
