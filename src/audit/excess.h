#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "audit/damage.h"
#include "base/result.h"
#include "tlog/checkpoint.h"

namespace sluice::audit {

/// A record that no checkpoint covers.
struct Excess {
  uint64_t sequence = 0;
  std::filesystem::path segment;
  /// "record 11 stands in NAME", for whoever says why it should not.
  std::string text() const;
};

/// The first record with a number above `covered` of each segment of a log folder, and of them the
/// lowest. Where a checkpoint says that the log was closed, somebody has added it. Nothing: there
/// is none. Looked through is only what is not complete, or says that it has such a record.
Result<std::optional<Excess>> find_excess(const std::filesystem::path& directory, uint64_t covered);

/// The finding that one has been added to a log in `<state>/audit` since it was closed, with
/// `head`. Nothing: none has, or it was not, or it is open again.
std::optional<Finding> added_since_closed(const std::filesystem::path& audit,
                                          const tlog::Checkpoint& head);

/// The same of a log whose own checkpoint covers less than `kept`, one from elsewhere, and so does
/// not tell of having been opened since.
std::optional<Finding> added_beyond(const std::filesystem::path& audit,
                                    const tlog::Checkpoint& kept);

}  // namespace sluice::audit
