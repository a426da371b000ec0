#pragma once

#include "gateway/background.h"
#include "gateway/taints.h"
#include "policy/ledger.h"

namespace sluice::gateway {

/// What all sessions of agents share: what they have used of their budgets, and which of them have
/// read text that anybody may have written.
struct AgentControls {
  policy::Ledger ledger;
  Taints taints;
  Background counting;  ///< what was used before is found in the log here
};

}  // namespace sluice::gateway
