#pragma once

#include <memory>
#include <string>
#include <vector>

#include "policy/policy.h"

namespace sluice::policy {

/// What nobody knows any more of the moment in which a statement was sent.
struct Forgotten {
  bool estimated_rows = false;
  bool authentication_age = false;
  bool claims = false;  ///< of the principal
};

/// The right verdict is neither stricter than `worst` nor milder than `best`.
struct Weighed {
  std::shared_ptr<const Decision> worst, best;
  std::vector<std::string> unknown;  ///< the conditions on which it hangs; empty: `worst` is right
};

/// As `judge` and `Judgement::decide`, with what is forgotten taken both ways. All else that is not
/// known counts as it does for the gateway.
Weighed weigh(const Policy& policy, const sql::StatementFacts& facts,
              const catalog::Catalog* catalog, const Principal& principal, const Target& target,
              const Circumstances& circumstances, const Forgotten& forgotten,
              const privacy::Labels* labels = nullptr);

}  // namespace sluice::policy
