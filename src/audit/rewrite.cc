#include "audit/rewrite.h"

#include <algorithm>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "audit/tree_files.h"
#include "base/hash.h"
#include "base/unique_fd.h"

namespace sluice::audit {
namespace {

/// Covers the part of `block`, which begins at `begin`, that is of an erased frame.
void erase_in(std::string& block, uint64_t begin, const FramePlace& frame) {
  const uint64_t end = begin + block.size();
  const uint64_t last = frame.offset + kFrameHeader + frame.length;
  if (frame.offset >= end || last <= begin) return;
  const auto head = erased_frame(frame.sequence, frame.length);
  for (uint64_t at = std::max(begin, frame.offset); at < std::min(end, last); ++at) {
    const uint64_t place = at - frame.offset;
    block[at - begin] = place < head.size() ? head[place] : '\0';
  }
}

/// Hands over the segment's blocks as the archive has them: the header by itself, which is read
/// more often than all else.
template <typename Each>
Result<> for_each_block(const std::filesystem::path& segment, SegmentFile& file, const Each& each) {
  std::string block;
  for (uint64_t at = 0; at < file.size(); at += block.size()) {
    block.resize(at == 0 ? kSegmentHeader : std::min(kArchiveBlock, file.size() - at));
    if (file.read(at, block.data(), block.size(), block.size()) != block.size())
      return fail(ErrorCode::kIo, fmt::format("read {} at byte {}", segment.string(), at));
    SLUICE_TRY(each(at, block));
  }
  return {};
}

/// Whether the archive gives back what was put into it.
Result<> read_back(const std::filesystem::path& file, uint64_t size,
                   const std::array<char, 32>& digest) {
  SLUICE_ASSIGN(auto archive, ArchiveReader::open(file));
  Sha256 hash;
  std::string block(kArchiveBlock, '\0');
  for (uint64_t at = 0; at < size;) {
    const size_t got = archive.read(at, block.data(), 1, block.size());
    if (got == 0) break;
    hash.update(Bytes(block).substr(0, got));
    at += got;
  }
  if (archive.size() == size && hash.finish() == digest) return {};
  return fail(ErrorCode::kIo, file.string() + " does not give back what was written into it");
}

/// Writes the segment's archive anew, without what the frames say.
Result<> write_archive(const std::filesystem::path& segment, std::span<const FramePlace> frames) {
  SLUICE_ASSIGN(auto file, SegmentFile::open(segment));
  auto fresh = archive_path(segment);
  fresh += ".new";
  SLUICE_ASSIGN(auto writer, ArchiveWriter::create(fresh));
  Sha256 hash;
  SLUICE_TRY(for_each_block(segment, file, [&](uint64_t begin, std::string& block) -> Result<> {
    // What is damaged for good stays so; what cannot be read just now is not made so.
    if (file.unread())
      return fail(ErrorCode::kIo, segment.string() + ": its archive cannot be read");
    for (const FramePlace& frame : frames) erase_in(block, begin, frame);
    hash.update(block);
    return writer.add(block);
  }));
  SLUICE_TRY(writer.finish());
  SLUICE_TRY(read_back(fresh, file.size(), hash.finish()));
  if (::rename(fresh.c_str(), archive_path(segment).c_str()) != 0)
    return fail(io_error("rename " + fresh.string(), errno));
  return sync_file(segment.parent_path());
}

Result<> erase_in_place(const std::filesystem::path& segment, std::span<const FramePlace> frames) {
  const UniqueFd fd(::open(segment.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid()) return fail(io_error("open " + segment.string(), errno));
  std::string bytes;
  for (const FramePlace& frame : frames) {
    const auto head = erased_frame(frame.sequence, frame.length);
    bytes.assign(kFrameHeader + frame.length, '\0');
    std::memcpy(bytes.data(), head.data(), head.size());
    const ssize_t written =
        pwrite(fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(frame.offset));
    if (written != static_cast<ssize_t>(bytes.size()))
      return fail(io_error("erase a record of " + segment.string(), errno));
  }
  if (fdatasync(fd.get()) != 0) return fail(io_error("sync " + segment.string(), errno));
  return {};
}

/// Whether or not it is there.
Result<> remove_file(const std::filesystem::path& file) {
  if (::unlink(file.c_str()) == 0 || errno == ENOENT) return {};
  return fail(io_error("remove " + file.string(), errno));
}

}  // namespace

Result<> archive_segment(const std::filesystem::path& segment) {
  SLUICE_TRY(write_archive(segment, {}));
  if (::unlink(segment.c_str()) == 0) return {};
  return fail(io_error("remove " + segment.string(), errno));
}

Result<> erase_frames(const std::filesystem::path& segment, std::span<const FramePlace> frames) {
  if (frames.empty()) return {};
  // Of an archiving that did not come to its end, and holds all of it.
  auto begun = archive_path(segment);
  begun += ".new";
  SLUICE_TRY(remove_file(begun));
  std::error_code ignored;
  if (!std::filesystem::exists(segment, ignored)) return write_archive(segment, frames);
  SLUICE_TRY(erase_in_place(segment, frames));
  SLUICE_TRY(remove_file(archive_path(segment)));
  return sync_file(segment.parent_path());
}

}  // namespace sluice::audit
