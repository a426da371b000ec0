#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace sluice::audit {

/// Records from the first to the last number.
struct Erasure {
  uint64_t first = 0;
  uint64_t last = 0;
};

/// What goes on the record before records are erased: "erased: records 5 to 9: reason".
std::string format_erasure(const Erasure& erasure, std::string_view reason);
/// Back; nothing for a message about something else.
std::optional<Erasure> parse_erasure(std::string_view message);

/// Removes what these records say; their places in the tree stay. Returns how many there were. An
/// error: one of them is in a segment that is still being written; nothing has been erased then.
Result<uint64_t> erase_records(const std::filesystem::path& audit, const Erasure& erasure);

}  // namespace sluice::audit
