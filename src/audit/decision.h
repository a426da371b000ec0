#pragma once

#include <string_view>

#include "audit/event.h"
#include "base/bytes.h"

namespace sluice::audit {

/// What is said of a statement's decision: "parsed" for one that was allowed and only parsed or
/// described, so that nothing of it ran; else its outcome.
std::string_view decision_of(Phase phase, Outcome outcome);

/// The number of Event::approval or Event::change: "12" of "12 by dora", "3" of "3 step 1 of 7".
Bytes number_in(Bytes text);

}  // namespace sluice::audit
