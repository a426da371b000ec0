#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/query.h"
#include "base/result.h"

namespace sluice::audit {

/// Records from the first to the last number.
struct Erasure {
  uint64_t first = 0;
  uint64_t last = 0;
  friend bool operator==(const Erasure&, const Erasure&) = default;
};

/// Ranges of these numbers, which are in ascending order.
std::vector<Erasure> ranges_of(std::span<const uint64_t> numbers);

/// What goes on the record before records are erased: "erased: records 5 to 9, 12 to 12: reason".
std::string format_erasure(std::span<const Erasure> ranges, std::string_view reason);
/// Back; nothing for a message about something else.
std::vector<Erasure> parse_erasure(std::string_view message);

/// Whether the record may ever be taken, by a rule or a person. What explains the log itself is
/// never: without it what is gone would look like tampering.
bool may_expire(const RecordView& record);

/// Records that are not to be erased, whatever a rule or a person says.
struct LegalHold {
  std::string name;
  Query which;
  friend bool operator==(const LegalHold&, const LegalHold&) = default;
};

/// What has become of the records of a range.
struct ErasedCount {
  uint64_t erased = 0;
  uint64_t stayed = 0;  ///< they explain the log itself
  friend bool operator==(const ErasedCount&, const ErasedCount&) = default;
};

/// Removes what these records say; their places in the tree stay. An error: one of them is held, or
/// in a segment that is still being written; nothing has been erased then.
Result<ErasedCount> erase_records(const std::filesystem::path& audit, const Erasure& erasure,
                                  std::span<const LegalHold> holds);

}  // namespace sluice::audit
