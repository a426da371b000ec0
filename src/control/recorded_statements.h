#pragma once

#include <functional>
#include <string>
#include <vector>

#include "audit/record.h"
#include "policy/recorded.h"

namespace sluice::control {

/// What replay judges of records of statements, oldest first. `today`: whom a user is now, for what
/// old records do not tell.
std::vector<policy::RecordedStatement> recorded_statements(
    std::vector<audit::Record> records,
    const std::function<policy::Principal(const std::string& user)>& today);

}  // namespace sluice::control
