#pragma once

#include <filesystem>

#include <boost/json.hpp>

#include "base/result.h"

namespace sluice::cli {

/// Says on standard error where the log is damaged: what stood there is in no answer.
Result<> warn_of_damage(const std::filesystem::path& audit_directory);
/// The same, of what a gateway answered.
void warn_of_damage(const boost::json::value& answer);

}  // namespace sluice::cli
