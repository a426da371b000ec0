#include "audit/decision.h"

#include "audit/record.h"

namespace sluice::audit {

std::string_view decision_of(Phase phase, Outcome outcome) {
  if (phase == Phase::kParse && outcome == Outcome::kAllowed) return "parsed";
  return name_of(outcome);
}

Bytes number_in(Bytes text) { return text.substr(0, text.find(' ')); }

}  // namespace sluice::audit
