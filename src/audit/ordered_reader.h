#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "audit/folder_watch.h"
#include "audit/segment.h"
#include "base/result.h"

namespace sluice::audit {

/// Reads the records of all writers of a log folder in the order of their numbers, also while they
/// are being written.
class OrderedReader {
 public:
  /// Begins with the record `next`. Archives that a checkpoint of `covered` records covers may be
  /// such as cannot be read; 0: none may.
  OrderedReader(std::filesystem::path directory, uint64_t next, uint64_t covered)
      : directory_(std::move(directory)), covered_(covered), next_(next) {}

  enum class Status : uint8_t {
    kFrame,
    kWaiting,  ///< it is not there: not yet, or it never will be
  };
  /// The record with the next number. An error: bytes of a segment are not what was written.
  Result<Status> next(Frame& frame);
  /// Looks for new segments; to be called before trying again after kWaiting.
  Result<> rescan();
  /// The number that `next` looks for.
  uint64_t wanted() const { return next_; }
  /// The lowest number that is there beyond it; nothing where there is none.
  std::optional<uint64_t> ahead() const;
  /// Goes on behind a record that will never be there.
  void skip() { ++next_; }
  /// Files that records were read from since last asked.
  std::set<std::filesystem::path> take_read();

 private:
  /// Segments of one writer, which come one after the other.
  struct Lane {
    std::deque<std::filesystem::path> files;  ///< the first is being read
    std::optional<SegmentReader> reader;
    std::optional<Frame> head;
    uint64_t last = 0;   ///< the number read last
    bool dry = false;    ///< nothing more was there when it was looked at last
    bool noted = false;  ///< its first file is in `read_`
  };

  Result<> fill(Lane& lane);
  static SegmentReader::Status read(Lane& lane);

  std::filesystem::path directory_;
  uint64_t covered_;
  FolderWatch watch_;
  bool all_known_ = false;  ///< no file that was listed last has to be looked at again
  uint64_t next_;
  std::map<uint32_t, Lane> lanes_;
  std::set<std::string> known_;
  std::set<std::filesystem::path> read_;
};

}  // namespace sluice::audit
