#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/unique_fd.h"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace sluice::audit {

// An archived segment, `<name>.seg.zst`, is the segment's file in zstd frames (RFC 8878), one for
// each block of it, with a table of them at the end in a skippable frame: the "seekable format" of
// zstd's contrib/seekable_format. `zstd -d` gives back the segment.

/// Most bytes of a segment that one frame holds.
inline constexpr size_t kArchiveBlock = size_t{128} * 1024;

/// The archive of a segment.
std::filesystem::path archive_path(const std::filesystem::path& segment);

/// Writes an archive, block after block.
class ArchiveWriter {
 public:
  static Result<ArchiveWriter> create(const std::filesystem::path& file);
  /// At most `kArchiveBlock` bytes.
  Result<> add(Bytes block);
  /// The archive is whole, and on disk, when it returns.
  Result<> finish();

 private:
  struct Free {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  struct Entry {
    uint32_t compressed = 0;
    uint32_t plain = 0;
  };
  ArchiveWriter(std::filesystem::path file, UniqueFd fd);
  Result<> write(Bytes bytes);

  std::filesystem::path file_;
  UniqueFd fd_;
  std::unique_ptr<ZSTD_CCtx_s, Free> context_;
  std::vector<Entry> entries_;
  std::string compressed_;
};

/// Reads an archive from anywhere in it. Takes nothing in it on trust: its memory is bounded by the
/// block size, whatever the file says.
class ArchiveReader {
 public:
  static Result<ArchiveReader> open(const std::filesystem::path& file);

  /// Reads from `offset` at most `most` bytes, and at least `wanted` where there are as many; a
  /// block that is damaged comes as 0xff. Returns how many.
  size_t read(uint64_t offset, char* out, size_t wanted, size_t most);
  /// Of what is in it.
  uint64_t size() const { return blocks_.back().begin; }
  /// Whether the disk did not give some of what was asked for: that came as 0xff, too, and may be
  /// whole.
  bool unread() const { return unread_; }

 private:
  struct Free {
    void operator()(ZSTD_DCtx_s* context) const;
  };
  struct Block {
    uint64_t begin = 0;  ///< in the segment
    uint64_t place = 0;  ///< in the archive
  };
  ArchiveReader(UniqueFd fd, std::vector<Block> blocks);
  void load(size_t block);

  UniqueFd fd_;
  std::unique_ptr<ZSTD_DCtx_s, Free> context_;
  std::vector<Block> blocks_;  ///< the last one is the end
  bool unread_ = false;
  size_t loaded_ = SIZE_MAX;
  std::string plain_;  ///< of the block `loaded_`
  std::string compressed_;
};

}  // namespace sluice::audit
