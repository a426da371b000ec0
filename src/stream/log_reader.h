#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "audit/segment.h"
#include "base/result.h"
#include "stream/cursor.h"

namespace sluice::stream {

/// Follows the audit log in the order of sequences, from any cursor, while it is being written.
///
/// Of each writer one segment is open at a time and one frame is held, so that memory and open
/// files do not grow with what is waiting to be read (audit::LogFollower, made for the index, opens
/// all that is new at once). Between records that are being written at the same moment order is not
/// exact.
class LogReader {
 public:
  LogReader(std::filesystem::path directory, Cursor cursor);

  /// A cursor behind everything up to `last_sequence`, for a stream that begins now.
  static Result<Cursor> at_end(const std::filesystem::path& directory, uint64_t last_sequence);

  /// False: enough for now.
  using Each = std::function<bool(const audit::Frame& frame)>;
  /// Hands over new frames until `each` has enough or there are no more yet.
  Result<> read(const Each& each);
  /// Behind the last frame that was handed over.
  const Cursor& cursor() const { return cursor_; }
  /// Damaged places found on the way, for the log.
  std::vector<std::string> take_damage() { return std::exchange(damage_, {}); }

 private:
  /// The segments of one writer, oldest first, from the one at the cursor's place.
  struct Chain {
    std::vector<std::string> segments;
    std::optional<audit::SegmentReader> reader;
    std::optional<audit::Frame> head;  ///< read, not handed over
    bool at_end = false;               ///< nothing more in this round
    std::optional<Place> damage;       ///< the last that was told of
  };

  Result<> list();
  Result<> fill(uint32_t writer, Chain& chain);
  Result<bool> open(uint32_t writer, Chain& chain);
  bool told_of(Chain& chain, const std::string& segment);
  static bool has_later(const Chain& chain, const Place& place);
  void finish_segment(uint32_t writer, Chain& chain);

  std::filesystem::path directory_;
  Cursor cursor_;
  std::map<uint32_t, Chain> chains_;
  std::filesystem::file_time_type listed_{};
  std::vector<std::string> damage_;
};

}  // namespace sluice::stream
