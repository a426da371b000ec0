#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "audit/folder_watch.h"
#include "audit/segment.h"
#include "base/result.h"

namespace sluice::audit {

/// Where reading of the segments has got to: file name to offset.
using Cursor = std::map<std::string, uint64_t>;

/// Reads what has been added to a log folder since last time, from any process.
class LogFollower {
 public:
  LogFollower(std::filesystem::path directory, Cursor cursor)
      : directory_(std::move(directory)), cursor_(std::move(cursor)) {}

  /// `segment` is the file's name; both are valid only during the call.
  using Each = std::function<void(const std::string& segment, const Frame& frame)>;

  /// Hands over at most `limit` new frames of each segment, in order within a segment. Returns how
  /// many there were. `enough` is asked between segments.
  /// `written`: the newest number that the log has given out, for `reached`.
  Result<size_t> read(size_t limit, const Each& each, const std::function<bool()>& enough = {},
                      uint64_t written = 0);
  /// All records up to this number have been handed over, of those that had been `written`.
  uint64_t reached() const;
  /// Whether it stopped at the limit in any segment, so that there may be more, older than what of
  /// others was handed over.
  bool behind() const { return behind_; }
  const Cursor& cursor() const { return cursor_; }
  /// Damaged places found on the way, for the log: "file: damaged at byte …".
  std::vector<std::string> take_damage() { return std::exchange(damage_, {}); }
  /// Segments that the last `read` could not open, for a reason that may pass: "file: why".
  const std::vector<std::string>& unreadable() const { return unreadable_; }

 private:
  SegmentReader* reader_of(const std::filesystem::path& file, const std::string& name);
  size_t read_segment(SegmentReader& reader, const std::filesystem::path& file,
                      const std::string& name, size_t limit, const Each& each);

  uint64_t last_read(const std::filesystem::path& file, const std::string& name, uint64_t offset);

  std::filesystem::path directory_;
  FolderWatch watch_;
  bool behind_ = false;
  std::vector<std::filesystem::path> files_;  ///< its segments
  Cursor cursor_;
  std::map<std::string, SegmentReader> open_;
  std::map<std::string, uint64_t> last_;  ///< sequence read last of what is in `open_`
  std::set<std::string> over_;            ///< segments of which nothing more is to be had
  uint64_t written_ = 0;
  std::map<std::string, uint64_t> reached_;  ///< the same of segments that are not over
  std::vector<std::string> damage_, unreadable_;
};

}  // namespace sluice::audit
