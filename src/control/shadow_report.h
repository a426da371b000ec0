#pragma once

#include <filesystem>

#include <boost/json.hpp>

#include "audit/query.h"
#include "base/result.h"

namespace sluice::control {

/// What rules in `mode: shadow` would have done to the recorded statements that `query` asks for,
/// the newest `query.limit` at most, as JSON with stable names (docs/policy.md): by rule and
/// effect, those of most statements first. Reads the log page by page; blocking.
Result<boost::json::object> shadow_report(const std::filesystem::path& audit_directory,
                                          audit::Query query);

}  // namespace sluice::control
