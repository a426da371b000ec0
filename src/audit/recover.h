#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "audit/log.h"
#include "base/result.h"

namespace sluice::audit {

/// What a start finds of a log.
struct RecoveredLog {
  uint64_t last_sequence = 0;      ///< the highest number that was ever given out
  std::vector<std::string> found;  ///< what is to be recorded of it
};

/// Looks at all segments, and completes those that were not closed. An error: the log is not what
/// was signed, or cannot be read; nothing of it has been changed then, but for segments before the
/// one that cannot be read.
Result<RecoveredLog> recover_log(const LogOptions& options);

/// The error of a log with which a gateway does not go on.
Result<> not_what_was_signed(const std::filesystem::path& audit, const Error& error);

}  // namespace sluice::audit
