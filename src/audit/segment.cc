#include "audit/segment.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/sync_folder.h"
#include "base/unique_fd.h"

namespace sluice::audit {
namespace {

constexpr char kMagic[8] = {'S', 'L', 'U', 'I', 'C', 'E', 'A', '1'};
constexpr uint32_t kVersion = 4;
/// Of headers without checksums. There is no 3: a flipped bit must not make one of the other.
constexpr uint32_t kOldVersion = 2;
constexpr uint32_t kMaxPayload = 64 << 20;
static_assert(std::endian::native == std::endian::little, "segments are little-endian");

struct RawHeader {
  char magic[8];
  uint32_t version;
  uint32_t writer;
  int64_t created_micros;
  uint64_t first_sequence;
  uint64_t last_sequence;
  uint32_t sealed_crc;  ///< of all before it, once it is sealed
  char reserved[16];
  uint32_t begun_crc;  ///< of all before last_sequence
};
static_assert(sizeof(RawHeader) == kSegmentHeader);

uint32_t crc_up_to(const RawHeader& header, size_t end) {
  return crc32c({reinterpret_cast<const char*>(&header), end});
}
uint32_t begun_crc(const RawHeader& header) {
  return crc_up_to(header, offsetof(RawHeader, last_sequence));
}

void seal_header(RawHeader& header, uint64_t last_sequence) {
  RawHeader sealed = header;
  sealed.last_sequence = last_sequence;
  sealed.sealed_crc = crc_up_to(sealed, offsetof(RawHeader, sealed_crc));
  // Both at once: who dies in between would leave a header that looks tampered with.
  constexpr size_t kBegin = offsetof(RawHeader, last_sequence);
  std::memcpy(reinterpret_cast<char*>(&header) + kBegin,
              reinterpret_cast<const char*>(&sealed) + kBegin, 16);
}

bool is_intact(const RawHeader& header) {
  const std::string_view reserved(header.reserved, sizeof header.reserved);
  if (reserved.find_first_not_of('\0') != reserved.npos) return false;
  if (header.version == kOldVersion) return header.sealed_crc == 0 && header.begun_crc == 0;
  const uint32_t sealed =
      header.last_sequence == 0 ? 0 : crc_up_to(header, offsetof(RawHeader, sealed_crc));
  return header.begun_crc == begun_crc(header) && header.sealed_crc == sealed;
}

/// Of a frame as it stands, without its CRC.
uint32_t frame_crc(const char* frame, size_t payload) {
  return crc32c({frame + 8, kFrameHeader - 8 + payload}, crc32c({frame, 4}));
}

Result<SegmentHeader> read_header(SegmentFile& bytes, const std::filesystem::path& file) {
  RawHeader raw;
  if (bytes.read(0, reinterpret_cast<char*>(&raw), sizeof raw, sizeof raw) != sizeof raw ||
      std::memcmp(raw.magic, kMagic, sizeof kMagic) != 0 ||
      (raw.version != kVersion && raw.version != kOldVersion)) {
    return fail(ErrorCode::kInvalidInput, file.string() + " is not an audit segment");
  }
  return SegmentHeader{raw.writer, raw.created_micros, raw.first_sequence, raw.last_sequence,
                       is_intact(raw)};
}

}  // namespace

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::create(const std::filesystem::path& file,
                                                             uint32_t writer,
                                                             uint64_t first_sequence,
                                                             size_t bytes) {
  UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (fd.get() < 0) return fail(io_error("create " + file.string(), errno));
  const int error = posix_fallocate(fd.get(), 0, static_cast<off_t>(bytes));
  if (error != 0) {
    unlink(file.c_str());
    return fail(io_error("no room for the audit log, " + file.string(), error));
  }
  void* map = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (map == MAP_FAILED) {
    unlink(file.c_str());
    return fail(io_error("map " + file.string(), errno));
  }
  RawHeader header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.version = kVersion;
  header.writer = writer;
  header.created_micros = wall_micros();
  header.first_sequence = first_sequence;
  header.begun_crc = begun_crc(header);
  std::memcpy(map, &header, sizeof header);
  return std::unique_ptr<SegmentWriter>(
      new SegmentWriter(file, fd.release(), static_cast<char*>(map), bytes));
}

Result<> SegmentWriter::begin(const std::filesystem::path& file, uint64_t first_sequence) {
  auto* header = reinterpret_cast<RawHeader*>(map_);
  header->first_sequence = first_sequence;
  header->created_micros = wall_micros();
  header->begun_crc = begun_crc(*header);
  if (::rename(file_.c_str(), file.c_str()) != 0) {
    return fail(io_error("rename " + file_.string(), errno));
  }
  file_ = file;
  return {};
}

SegmentWriter::~SegmentWriter() {
  seal();
  munmap(map_, bytes_);
  ::close(fd_);
}

void SegmentWriter::append(uint64_t sequence, const Salt& salt, Bytes payload) {
  char* frame = map_ + used_;
  const auto length = static_cast<uint32_t>(payload.size());
  std::memcpy(frame + 8, &sequence, 8);
  std::memcpy(frame + 16, salt.data(), salt.size());
  std::memcpy(frame + kFrameHeader, payload.data(), payload.size());
  const uint32_t crc = crc32c({frame + 8, kFrameHeader - 8 + payload.size()},
                              crc32c({reinterpret_cast<const char*>(&length), 4}));
  std::memcpy(frame + 4, &crc, 4);
  std::atomic_ref<uint32_t>(*reinterpret_cast<uint32_t*>(frame))
      .store(length, std::memory_order_release);
  used_ += frame_size(payload.size());
  last_sequence_.store(sequence, std::memory_order_release);
}

Result<> SegmentWriter::sync() {
  if (fdatasync(fd_) != 0) return fail(io_error("sync the audit log", errno));
  return {};
}

void SegmentWriter::seal() {
  if (std::exchange(sealed_, true)) return;
  // Without a record it is none that is complete.
  if (last_sequence() != 0) seal_header(*reinterpret_cast<RawHeader*>(map_), last_sequence());
  // What stays of the mapping beyond the new end is not touched again.
  [[maybe_unused]] const int rc = ftruncate(fd_, static_cast<off_t>(used_));
}

Result<SegmentReader> SegmentReader::open(const std::filesystem::path& file, uint64_t offset) {
  SLUICE_ASSIGN(auto bytes, SegmentFile::open(file));
  SLUICE_TRY(read_header(bytes, file));
  return SegmentReader(std::move(bytes), offset);
}

/// Makes sure that `bytes` from `offset_` are in the buffer, reading them anew if they are not.
bool SegmentReader::fill(size_t bytes) {
  constexpr size_t kReadAhead = 64 * 1024;
  if (offset_ >= buffer_start_ && offset_ - buffer_start_ + bytes <= buffered_) return true;
  const size_t most = std::max(bytes, kReadAhead);
  if (most > capacity_) {
    buffer_ = std::make_unique_for_overwrite<char[]>(most);
    capacity_ = most;
  }
  buffer_start_ = offset_;
  buffered_ = file_.read(offset_, buffer_.get(), bytes, most);
  return buffered_ >= bytes;
}

/// A frame ends at a multiple of 8 bytes. The file may end before that.
uint64_t SegmentReader::stray_behind(uint32_t length) {
  const size_t end = kFrameHeader + length, whole = frame_size(length);
  if (end == whole || !fill(whole)) return 0;
  const std::string_view padding(here() + end, whole - end);
  const size_t at = padding.find_first_not_of('\0');
  return at == padding.npos ? 0 : offset_ + end + at;
}

SegmentReader::Status SegmentReader::parse(Frame& frame) {
  uint32_t word = 0;
  if (!fill(kFrameHeader)) {
    if (buffered_ >= 4) std::memcpy(&word, here(), 4);
    return word == 0 ? Status::kEnd : Status::kCorrupt;
  }
  std::memcpy(&word, here(), 4);
  if (word == 0) return Status::kEnd;
  const uint32_t length = word & ~kErasedFrame;
  if (length > kMaxPayload || !fill(kFrameHeader + length)) return Status::kCorrupt;
  const char* head = here();
  uint32_t crc = 0;
  std::memcpy(&crc, head + 4, 4);
  if (crc != frame_crc(head, length)) return Status::kCorrupt;
  // Nobody's words stand where a record is gone.
  const std::string_view gone(head + 16, kFrameHeader - 16 + length);
  if ((word & kErasedFrame) != 0 && gone.find_first_not_of('\0') != gone.npos)
    return Status::kCorrupt;
  std::memcpy(&frame.sequence, head + 8, 8);
  std::memcpy(frame.salt.data(), head + 16, frame.salt.size());
  frame.erased = (word & kErasedFrame) != 0;
  frame.payload.assign(head + kFrameHeader, frame.erased ? 0 : length);
  frame.offset = offset_;
  frame.stray = stray_behind(length);
  return Status::kFrame;
}

/// Asked often while little is written: one word is read, not a buffer full.
bool SegmentReader::still_ends() {
  uint32_t word = 0;
  file_.read(offset_, reinterpret_cast<char*>(&word), sizeof word, sizeof word);
  return word == 0;
}

SegmentReader::Status SegmentReader::next(Frame& frame) {
  auto status = parse(frame);
  if (status == Status::kEnd && still_ends()) return status;
  if (status != Status::kFrame) {
    // What is buffered may have been written over since.
    buffered_ = 0;
    status = parse(frame);
  }
  if (status == Status::kFrame) {
    uint32_t word = 0;
    std::memcpy(&word, here(), 4);
    offset_ += frame_size(word & ~kErasedFrame);
  }
  return status;
}

bool SegmentReader::find_next() {
  Frame frame;
  do {
    offset_ += 8;
    if (!fill(kFrameHeader)) return false;
  } while (parse(frame) != Status::kFrame);
  return true;
}

std::string segment_name(uint64_t first_sequence, uint32_t writer) {
  return fmt::format("{:020}-{}.seg", first_sequence, writer);
}

Error damaged_at(uint64_t offset) {
  return {ErrorCode::kIo,
          "it is damaged at byte " + std::to_string(offset) + "; `sluice audit verify` tells more"};
}

Result<SegmentHeader> read_segment_header(const std::filesystem::path& file) {
  SLUICE_ASSIGN(auto bytes, SegmentFile::open(file));
  return read_header(bytes, file);
}

namespace {

/// Ends the file behind the last whole record, and then says in its header that it is complete. On
/// disk at once, or another power failure would bring back what was cut.
Result<> seal_file(const std::filesystem::path& file, const Recovery& recovery) {
  const UniqueFd fd(::open(file.c_str(), O_RDWR | O_CLOEXEC));
  if (fd.get() < 0) return fail(io_error("open " + file.string(), errno));
  RawHeader header;
  if (pread(fd.get(), &header, sizeof header, 0) != sizeof header)
    return fail(io_error("read", errno));
  if (header.version == kOldVersion) {
    header.last_sequence = recovery.last_sequence;
  } else if (recovery.last_sequence != 0) {
    seal_header(header, recovery.last_sequence);
  }
  if (ftruncate(fd.get(), static_cast<off_t>(recovery.good_bytes)) != 0 ||
      pwrite(fd.get(), &header, sizeof header, 0) != sizeof header || fsync(fd.get()) != 0) {
    return fail(io_error("seal " + file.string(), errno));
  }
  return {};
}

}  // namespace

Result<Recovery> recover_segment(const std::filesystem::path& file, uint64_t believable) {
  SLUICE_ASSIGN(auto reader, SegmentReader::open(file));
  Recovery recovery;
  Frame frame;
  auto status = reader.next(frame);
  for (; status == SegmentReader::Status::kFrame; status = reader.next(frame)) {
    ++recovery.records;
    recovery.last_sequence = std::max(recovery.last_sequence, frame.sequence);
  }
  recovery.good_bytes = reader.offset();
  // A length is the last thing written of a frame; what a dying process left behind the last whole
  // one may be anything but zeros.
  SLUICE_ASSIGN(recovery.torn, keep_tail(file, recovery.good_bytes));
  recovery.highest = recovery.last_sequence;
  while (recovery.torn && reader.find_next()) {
    while (reader.next(frame) == SegmentReader::Status::kFrame) {
      if (frame.sequence <= believable)
        recovery.highest = std::max(recovery.highest, frame.sequence);
    }
  }
  SLUICE_TRY(seal_file(file, recovery));
  return recovery;
}

Result<> name_begun_segments(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> begun;
  std::error_code error;
  for (auto it = std::filesystem::directory_iterator(directory, error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    const std::string name = it->path().filename();
    if (name.starts_with("next-") && name.ends_with(".tmp")) begun.push_back(it->path());
  }
  if (error) return fail(ErrorCode::kIo, "list " + directory.string() + ": " + error.message());
  for (const auto& file : begun) {
    const auto header = read_segment_header(file);
    auto reader = SegmentReader::open(file);
    Frame frame;
    if (!header || header->first_sequence == 0 || !reader ||
        reader->next(frame) != SegmentReader::Status::kFrame) {
      continue;  // It was still a spare, or nothing of it is there.
    }
    const auto named = directory / segment_name(header->first_sequence, header->writer);
    if (std::filesystem::exists(segment_place(named), error)) continue;
    if (::rename(file.c_str(), named.c_str()) != 0)
      return fail(io_error("rename " + file.string(), errno));
  }
  return begun.empty() ? Result<>() : sync_folder(directory);
}

std::array<char, kFrameHeader> erased_frame(uint64_t sequence, uint32_t length) {
  std::string bytes(kFrameHeader + length, '\0');
  const uint32_t word = length | kErasedFrame;
  std::memcpy(bytes.data(), &word, 4);
  std::memcpy(bytes.data() + 8, &sequence, 8);
  const uint32_t crc = frame_crc(bytes.data(), length);
  std::memcpy(bytes.data() + 4, &crc, 4);
  std::array<char, kFrameHeader> head;
  std::memcpy(head.data(), bytes.data(), head.size());
  return head;
}

Result<std::vector<std::filesystem::path>> list_segments(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (auto it = std::filesystem::directory_iterator(directory, error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    auto path = it->path();
    if (path.extension() == ".zst") path.replace_extension();
    if (path.extension() == ".seg") files.push_back(std::move(path));
  }
  if (error) return fail(ErrorCode::kIo, "list " + directory.string() + ": " + error.message());
  std::sort(files.begin(), files.end());  // Names begin with the first sequence, zero-padded.
  // While a segment is being archived there are both.
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

}  // namespace sluice::audit
