#pragma once

#include <string>
#include <string_view>

#include "audit/who_saw.h"
#include "base/result.h"

namespace sluice::control {

/// How to look for a value that somebody may have seen: as it is written, and where it may be a
/// telephone number and not `exact`, as phone_spellings has it. `secret`: the installation's. An
/// error: nothing in it tells it from other values.
Result<audit::WhoSawQuery> asked_value(const std::string& secret, std::string_view value,
                                       bool exact);

}  // namespace sluice::control
