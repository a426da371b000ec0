#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "audit/segment.h"
#include "base/result.h"

namespace sluice::audit {

/// A frame of a segment.
struct FramePlace {
  uint64_t offset = 0;
  uint64_t sequence = 0;
  uint32_t length = 0;  ///< of its payload
};

/// Puts the archive in the place of a complete segment. It has been read back, and is on disk,
/// before the segment goes; should the process die before that, there are both.
Result<> archive_segment(const std::filesystem::path& segment);

/// Removes what these records say for good, wherever the segment is; their places in the tree stay.
/// Not for a segment that is being written. Killed meanwhile, it leaves frames half overwritten:
/// see audit/erasing.h. Doing it again mends that.
Result<> erase_frames(const std::filesystem::path& segment, std::span<const FramePlace> frames);

}  // namespace sluice::audit
