#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "audit/rewrite.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace sluice::audit {

// What is being erased is noted in `<state>/audit/erasing` first: a record that is half overwritten
// when the process is killed is no record any more, and its text may stand in the index. The note
// is text: a first line, then `segment NAME` and, for each frame of it, `OFFSET NUMBER LENGTH`,
// then `end`. Without segments it says that all are erased and the index still has to be made anew.

/// Records of one segment.
struct SegmentFrames {
  std::filesystem::path segment;
  std::vector<FramePlace> frames;
};

/// Held by whoever changes complete segments of the log in `<state>/audit`, in whatever process:
/// archiving a segment must not bring back what is being erased from it. What another process has
/// begun to erase is erased when it returns, but for segments of which the disk does not let it:
/// those stay noted, and are tried again after half a minute. An error: the note itself cannot be
/// used.
Result<UniqueFd> lock_segments(const std::filesystem::path& audit);

/// Notes on disk what is going to be erased, besides what is noted already. For the holder of the
/// lock.
Result<> begin_erasing(const std::filesystem::path& audit, std::span<const SegmentFrames> all);

/// Erases what is noted, as often as it takes, from every segment that lets it. For the holder of
/// the lock. kUnavailable: some of it stays noted, and `<state>/audit/erasing.failed` says why.
Result<> finish_erasing(const std::filesystem::path& audit);
/// The same, of the segments that the caller has just noted.
Result<> finish_erasing(const std::filesystem::path& audit, std::span<const SegmentFrames> noted);

/// Has the index made anew, if anything was erased since it last was. For the holder of the lock.
/// kUnavailable: something is still to be erased, and stays noted; what was erased meanwhile is not
/// in the index that is made next.
Result<> settle_index(const std::filesystem::path& audit);

/// What stays noted, for its segment cannot be read or written.
struct Unerased {
  uint64_t records = 0;
  std::string why;  ///< by segment; empty: nothing is left
};
/// Brings to its end what a process that was killed has begun. `at_once`: also what was tried in
/// vain a moment ago. An error: the note itself cannot be used.
Result<Unerased> resume_erasing(const std::filesystem::path& audit, bool at_once);

/// What is noted, and may be erased, half erased, or not. Nothing for most.
Result<std::vector<SegmentFrames>> being_erased(const std::filesystem::path& audit);

}  // namespace sluice::audit
