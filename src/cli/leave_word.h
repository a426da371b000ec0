#pragma once

#include <string_view>

#include "cli/commands.h"

namespace sluice::cli {

/// Puts on the record, as a record of `type`, what is about to be done with the audit trail by
/// whoever is at the keyboard; what cannot be recorded is not done.
Result<> leave_word(const Common& common, std::string_view message,
                    std::string_view type = "audit_read");

/// Waits until the gateway has put it there. kUnavailable: it does not, as when none is running.
Result<> wait_until_recorded(const Common& common);

}  // namespace sluice::cli
