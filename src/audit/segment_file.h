#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "audit/archive.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace sluice::audit {

/// The bytes of a segment, wherever they are: in the file that is being written or complete, or in
/// its archive (audit/archive.h). A segment goes by the name of the former in either case.
class SegmentFile {
 public:
  /// kNotFound: there is neither.
  static Result<SegmentFile> open(const std::filesystem::path& segment);

  /// Reads from `offset` at most `most` bytes, and at least `wanted` where there are as many.
  /// Returns how many; bytes of an archive that are damaged come as 0xff, which no record begins
  /// with.
  size_t read(uint64_t offset, char* out, size_t wanted, size_t most);
  /// Of a file that is being written: with what was preallocated.
  uint64_t size() const;
  bool archived() const { return archive_ != nullptr; }
  /// Whether the disk did not give some of an archive, which came as 0xff and may be whole.
  bool unread() const { return archive_ && archive_->unread(); }

 private:
  SegmentFile() = default;
  UniqueFd fd_;
  std::unique_ptr<ArchiveReader> archive_;
};

/// Where the segment's bytes are: the file itself, or its archive.
std::filesystem::path segment_place(const std::filesystem::path& segment);

/// Of the segment as it was written; 0 where there is none.
uint64_t segment_size(const std::filesystem::path& segment);

/// Whether of a segment only the archive is there, and a checkpoint of so many records covers it:
/// only what one covers is archived. Says nothing of whether it can be read.
bool is_covered_archive(const std::filesystem::path& segment, uint64_t covered);

}  // namespace sluice::audit
