#include "audit/decision.h"

#include "audit/record.h"

namespace sluice::audit {

std::string_view decision_of(Phase phase, Outcome outcome) {
  if (phase == Phase::kParse && outcome == Outcome::kAllowed) return "parsed";
  return name_of(outcome);
}

Bytes request_of(Bytes approval) { return approval.substr(0, approval.find(' ')); }

}  // namespace sluice::audit
