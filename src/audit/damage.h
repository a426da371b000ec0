#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "audit/verify.h"

namespace sluice::audit {

/// Bytes of a segment that are no record where one should be.
struct Damage {
  std::filesystem::path segment;
  uint64_t from = 0;
  uint64_t to = 0;      ///< where the next whole record begins, or the segment ends
  uint64_t before = 0;  ///< number of the whole record before them in this segment; 0: none
  uint64_t behind = 0;  ///< of the next one; 0: none
  bool at_end = false;  ///< of a segment that was not completed: a crash leaves such bytes, too
};

/// Which numbers a damage may be of.
struct MissingRecords {
  uint64_t first = 1;  ///< those that are looked at
  uint64_t last = 0;
  bool all = true;  ///< no others exist
  /// The tree has this record, and no whole one has been found.
  std::function<bool(uint64_t)> has;
};

/// Which records the damaged bytes were. Segments of several writers interleave, so the number of
/// the record before tells nothing; the head of a frame does, where a record of that number is
/// missing. Nothing where they are none of those looked at.
std::vector<Finding> locate(const Damage& damage, const MissingRecords& missing);

}  // namespace sluice::audit
