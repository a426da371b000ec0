#include "audit/segment_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/torn_segment.h"

namespace sluice::audit {

Result<SegmentFile> SegmentFile::open(const std::filesystem::path& segment) {
  SegmentFile file;
  file.fd_ = UniqueFd(::open(segment.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd_.valid()) return file;
  if (errno != ENOENT) return fail(io_error("open " + segment.string(), errno));
  SLUICE_ASSIGN(auto archive, ArchiveReader::open(archive_path(segment)));
  file.archive_ = std::make_unique<ArchiveReader>(std::move(archive));
  return file;
}

size_t SegmentFile::read(uint64_t offset, char* out, size_t wanted, size_t most) {
  if (archive_) return archive_->read(offset, out, wanted, most);
  const ssize_t got = pread(fd_.get(), out, most, static_cast<off_t>(offset));
  return got > 0 ? static_cast<size_t>(got) : 0;
}

uint64_t SegmentFile::size() const {
  if (archive_) return archive_->size();
  struct stat about{};
  return fstat(fd_.get(), &about) == 0 ? static_cast<uint64_t>(about.st_size) : 0;
}

std::filesystem::path segment_place(const std::filesystem::path& segment) {
  std::error_code ignored;
  return std::filesystem::exists(segment, ignored) ? segment : archive_path(segment);
}

uint64_t segment_size(const std::filesystem::path& segment) {
  const auto file = SegmentFile::open(segment);
  return file ? file->size() : 0;
}

bool is_covered_archive(const std::filesystem::path& segment, uint64_t covered) {
  std::error_code ignored;
  const auto about = std::filesystem::symlink_status(segment, ignored);
  const uint64_t first = number_in_name(segment);
  return about.type() == std::filesystem::file_type::not_found && first > 0 && first <= covered;
}

}  // namespace sluice::audit
