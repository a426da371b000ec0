#pragma once

#include <string>
#include <vector>

#include "policy/policy.h"

namespace sluice::policy {

/// How one rule differs between two policies.
struct RuleChange {
  enum class What : uint8_t { kAdded, kRemoved, kChanged };
  What what = What::kChanged;
  std::string rule;
  int old_line = 0, new_line = 0;  ///< 0 where it is not
  std::string old_text, new_text;  ///< the rules as YAML, in one canonical form
};

/// What changed from one policy to another.
struct PolicyDiff {
  std::vector<RuleChange> rules;  ///< removed and changed ones in the old order, then added ones
  /// The order of the rules that both have differs: another rule may be named in verdicts.
  bool reordered = false;
  bool same() const { return rules.empty() && !reordered; }
};

PolicyDiff diff(const Policy& old_policy, const Policy& new_policy);

}  // namespace sluice::policy
