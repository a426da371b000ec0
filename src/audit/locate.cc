#include "audit/locate.h"

#include <algorithm>
#include <cstring>

namespace sluice::audit {
namespace {

/// Where the record's frame begins; 0 where it is not in the file. Only headers are looked at, and
/// the file is not mapped: one that is being written is cut when it is complete.
uint64_t find_in(const std::filesystem::path& segment, uint64_t sequence) {
  auto file = SegmentFile::open(segment);
  if (!file) return 0;
  std::string window(size_t{1} << 20, '\0');
  uint64_t begin = 0;
  uint64_t end = 0;
  for (uint64_t at = kSegmentHeader;;) {
    if (at + kFrameHeader > end) {
      begin = at;
      end = at + file->read(at, window.data(), kFrameHeader, window.size());
      if (end < at + kFrameHeader) return 0;
    }
    uint32_t length = 0;
    uint64_t number = 0;
    std::memcpy(&length, window.data() + (at - begin), 4);
    std::memcpy(&number, window.data() + (at - begin) + 8, 8);
    if (length == 0 || number > sequence) return 0;
    if (number == sequence) return at;
    at += frame_size(length & ~kErasedFrame);
  }
}

}  // namespace

Result<Frame> locate(const std::filesystem::path& audit, uint64_t sequence) {
  SLUICE_ASSIGN(auto files, list_segments(audit / "log"));
  // The newest that may have it first: most questions are about what has just happened.
  std::reverse(files.begin(), files.end());
  for (const auto& file : files) {
    const auto header = read_segment_header(file);
    if (!header || header->first_sequence > sequence) continue;
    if (header->last_sequence != 0 && header->last_sequence < sequence) continue;
    const uint64_t offset = find_in(file, sequence);
    if (offset == 0) continue;
    SLUICE_ASSIGN(auto reader, SegmentReader::open(file, offset));
    Frame frame;
    if (reader.next(frame) == SegmentReader::Status::kFrame) return frame;
    return fail(ErrorCode::kIo, "the audit log is damaged: " + file.string() + " at byte " +
                                    std::to_string(offset));
  }
  return fail(ErrorCode::kNotFound, "there is no record " + std::to_string(sequence));
}

}  // namespace sluice::audit
