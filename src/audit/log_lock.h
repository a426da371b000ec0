#pragma once

#include <filesystem>

#include "base/result.h"

namespace sluice::audit {

/// Takes the log in `directory` for this process alone, until the file that is returned is closed.
/// kUnavailable: another has it, and the error names that.
Result<int> lock_log(const std::filesystem::path& directory);

}  // namespace sluice::audit
