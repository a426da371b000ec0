#pragma once

#include <string>

#include "policy/rule.h"

namespace sluice::policy {

/// Why a rule that masks or unmasks changes nothing by itself; "" if it may.
std::string idle_veil(const Rule& rule);

/// What is wrong with `rule` because of `other`, both of which mask or unmask; "" if nothing.
/// `earlier`: `other` stands first.
std::string veil_overlap(const Rule& other, const Rule& rule, bool earlier);

}  // namespace sluice::policy
