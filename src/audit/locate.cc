#include "audit/locate.h"

#include <algorithm>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sluice::audit {
namespace {

/// A file, mapped; hopping from header to header touches little of it.
class Mapping {
 public:
  explicit Mapping(const std::filesystem::path& file) {
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    struct stat info{};
    if (fstat(fd, &info) == 0 && info.st_size > 0) {
      size_ = static_cast<size_t>(info.st_size);
      void* map = mmap(nullptr, size_, PROT_READ, MAP_SHARED, fd, 0);
      if (map != MAP_FAILED) bytes_ = static_cast<const char*>(map);
    }
    ::close(fd);
  }
  ~Mapping() {
    if (bytes_ != nullptr) munmap(const_cast<char*>(bytes_), size_);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  Bytes bytes() const { return bytes_ == nullptr ? Bytes() : Bytes(bytes_, size_); }

 private:
  const char* bytes_ = nullptr;
  size_t size_ = 0;
};

/// Where the record's frame begins; 0 where it is not in the file.
uint64_t find_in(const std::filesystem::path& file, uint64_t sequence) {
  const Mapping mapping(file);
  const Bytes bytes = mapping.bytes();
  for (uint64_t at = kSegmentHeader; at + kFrameHeader <= bytes.size();) {
    uint32_t length = 0;
    uint64_t number = 0;
    std::memcpy(&length, bytes.data() + at, 4);
    std::memcpy(&number, bytes.data() + at + 8, 8);
    if (length == 0 || number > sequence) return 0;
    if (number == sequence) return at;
    at += frame_size(length & ~kErasedFrame);
  }
  return 0;
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
