#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/decision.h"
#include "policy/principal.h"

namespace sluice::policy {

/// Everybody for whom rules are asked when `principal` wants something, itself first: each as they
/// are by themselves, in the circumstances of its session. One who acts for nobody is alone.
std::vector<Principal> everyone(const Principal& principal);

/// Of somebody for whom another acts, " for alice", as words of a refusal have it; else nothing.
std::string for_whom(const Principal& principal);

using DecisionPtr = std::shared_ptr<const Decision>;

/// What may be done in the name of all of `everyone`, of whom each has been told their own
/// decision: deny beats hold beats allow, every hold needs its approval, and of limits the tightest
/// counts.
DecisionPtr strictest(const std::vector<Principal>& everyone,
                      const std::vector<DecisionPtr>& decisions);

}  // namespace sluice::policy
