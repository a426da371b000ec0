#pragma once

#include <string_view>

#include "audit/log.h"
#include "base/result.h"
#include "store/state.h"

namespace sluice::audit {

/// Moves the words that wait in a store to the log: each to the log of one of the gateways that
/// share the store, and once. A gateway takes a word under its `name` before it records it, and
/// removes it afterwards; where it was stopped between the two, it looks whether its log has it.
/// What cannot be recorded stays in the store until it can. If a gateway does not come back to what
/// it has taken, another takes it over after store::kAbandonedMicros, and says so in the record.
Result<> record_admin_events(store::Database& database, Log& log, std::string_view name);

}  // namespace sluice::audit
