#pragma once

#include <string_view>

#include "audit/event.h"
#include "base/bytes.h"

namespace sluice::audit {

/// What is said of a statement's decision: "parsed" for one that was allowed and only parsed or
/// described, so that nothing of it ran; else its outcome.
std::string_view decision_of(Phase phase, Outcome outcome);

/// The request's number of Event::approval: "12" of "12 by dora".
Bytes request_of(Bytes approval);

}  // namespace sluice::audit
