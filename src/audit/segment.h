#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audit/segment_file.h"
#include "audit/torn_segment.h"
#include "base/bytes.h"
#include "base/result.h"

namespace sluice::audit {

// A segment file (docs/audit.md): a header of 64 bytes, then frames, little-endian, each aligned
// to 8 bytes:  u32 payload length | u32 CRC-32C of all that follows and the length | u64 sequence |
// 16 bytes salt | payload. A length of zero ends the segment. The top bit of the length says that
// the record has been erased: salt and payload are zeros.

inline constexpr size_t kSegmentHeader = 64;
inline constexpr size_t kFrameHeader = 32;
/// In a frame's length.
inline constexpr uint32_t kErasedFrame = 1U << 31;

/// Makes of a record something that tells nothing without it, see audit/leaf.h.
using Salt = std::array<char, 16>;

/// Bytes a payload takes in a segment.
constexpr size_t frame_size(size_t payload) { return (kFrameHeader + payload + 7) / 8 * 8; }

/// A segment being written: preallocated, so that a full disk shows when it is made and not in the
/// middle of a record, and mapped, so that an append is a copy into the kernel's page cache.
class SegmentWriter {
 public:
  static Result<std::unique_ptr<SegmentWriter>> create(const std::filesystem::path& file,
                                                       uint32_t writer, uint64_t first_sequence,
                                                       size_t bytes);
  ~SegmentWriter();
  SegmentWriter(const SegmentWriter&) = delete;
  SegmentWriter& operator=(const SegmentWriter&) = delete;

  /// Gives it another name and first number, before the first record: one is made ahead of its
  /// time, under a name that is no segment's.
  Result<> begin(const std::filesystem::path& file, uint64_t first_sequence);
  bool has_room(size_t payload) const { return used_ + frame_size(payload) + 8 <= bytes_; }
  /// Only with room. The length is written last: a reader never sees half a frame.
  void append(uint64_t sequence, const Salt& salt, Bytes payload);
  /// Flushes to disk everything appended so far.
  Result<> sync();
  /// Cuts the file to what is used and notes in its header that it is complete.
  void seal();
  uint64_t last_sequence() const { return last_sequence_.load(std::memory_order_acquire); }

 private:
  SegmentWriter(std::filesystem::path file, int fd, char* map, size_t bytes)
      : file_(std::move(file)), fd_(fd), map_(map), bytes_(bytes) {}
  std::filesystem::path file_;
  int fd_;
  char* map_;
  size_t bytes_;
  size_t used_ = kSegmentHeader;
  std::atomic<uint64_t> last_sequence_{0};
  bool sealed_ = false;
};

struct Frame {
  uint64_t sequence = 0;
  uint64_t offset = 0;  ///< of the frame in the file
  Salt salt{};
  bool erased = false;  ///< `payload` and `salt` are gone
  std::string payload = {};
  /// Offset of a byte behind the record that is not zero, as all are that were written; 0: none.
  uint64_t stray = 0;
};

/// Reads a segment from any process, also while it is being written.
class SegmentReader {
 public:
  static Result<SegmentReader> open(const std::filesystem::path& file,
                                    uint64_t offset = kSegmentHeader);

  enum class Status : uint8_t { kFrame, kEnd, kCorrupt };
  /// kEnd: nothing more (yet). kCorrupt: bytes at `offset()` are not what was written.
  Status next(Frame& frame);
  uint64_t offset() const { return offset_; }
  /// Behind kCorrupt: goes on to the next place that holds a whole record. False: there is none.
  bool find_next();

 private:
  SegmentReader(SegmentFile file, uint64_t offset) : file_(std::move(file)), offset_(offset) {}
  bool fill(size_t bytes);
  const char* here() const { return buffer_.get() + (offset_ - buffer_start_); }
  /// What the bytes at `offset_` say, as far as they are buffered or can be read.
  Status parse(Frame& frame);
  bool still_ends();
  uint64_t stray_behind(uint32_t length);
  SegmentFile file_;
  uint64_t offset_ = 0;
  std::unique_ptr<char[]> buffer_;  ///< the segment from `buffer_start_`
  size_t capacity_ = 0;
  size_t buffered_ = 0;
  uint64_t buffer_start_ = 0;
};

struct SegmentHeader {
  uint32_t writer = 0;
  int64_t created_micros = 0;
  uint64_t first_sequence = 0;
  uint64_t last_sequence = 0;  ///< of a sealed segment, else 0
  bool intact = true;          ///< its bytes are those that were written; unknown of version 2
};
/// The file name of a segment.
std::string segment_name(uint64_t first_sequence, uint32_t writer);

/// Of a segment that ends before the last record that its header names.
Error damaged_at(uint64_t offset);
/// An error for a file that is no segment.
Result<SegmentHeader> read_segment_header(const std::filesystem::path& file);

/// What is found out about a segment that was not sealed: the process died while writing it.
struct Recovery {
  uint64_t records = 0;
  uint64_t last_sequence = 0;
  uint64_t highest = 0;  ///< number of a record that is whole, also behind what is not
  uint64_t good_bytes = 0;
  std::optional<TornTail> torn = {};  ///< there were bytes behind the last whole record
};
/// Finds the last whole record and seals the file, which ends there: what was preallocated and not
/// used is given back, and what is torn is moved to a file of its own, unless it is all there is.
/// What stands behind a tear may be part of a statement that looks like a record: a number above
/// `believable` is none there.
Result<Recovery> recover_segment(const std::filesystem::path& file,
                                 uint64_t believable = UINT64_MAX);

/// Gives those their names whose records reached the disk before a power failure, and whose names
/// did not: `begin` has said what they are.
Result<> name_begun_segments(const std::filesystem::path& directory);

/// What a frame of `length` bytes of payload becomes when it is erased, but for the zeros behind
/// it.
std::array<char, kFrameHeader> erased_frame(uint64_t sequence, uint32_t length);

/// All segments of a log folder, by first sequence.
Result<std::vector<std::filesystem::path>> list_segments(const std::filesystem::path& directory);

}  // namespace sluice::audit
