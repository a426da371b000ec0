#include "audit/archive.h"

#include <algorithm>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

namespace sluice::audit {
namespace {

constexpr uint32_t kTableMagic = ZSTD_MAGIC_SKIPPABLE_START | 0xE;
constexpr uint32_t kSeekableMagic = 0x8F92EAB1;
constexpr size_t kTableHeader = 8;  // magic, length of what follows
constexpr size_t kTableEntry = 8;   // compressed size, plain size
constexpr size_t kTableFooter = 9;  // number of entries, descriptor, magic
constexpr size_t kMostBlocks = 1 << 20;
/// Twice as small as the fastest, and still faster than a log is written.
constexpr int kLevel = 6;

void append_u32(std::string& out, uint32_t value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

uint32_t u32_at(Bytes bytes, size_t at) {
  uint32_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

bool read_exactly(int fd, uint64_t offset, std::string& out, size_t bytes) {
  out.resize(bytes);
  return pread(fd, out.data(), bytes, static_cast<off_t>(offset)) == static_cast<ssize_t>(bytes);
}

}  // namespace

std::filesystem::path archive_path(const std::filesystem::path& segment) {
  auto path = segment;
  path += ".zst";
  return path;
}

void ArchiveWriter::Free::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }

ArchiveWriter::ArchiveWriter(std::filesystem::path file, UniqueFd fd)
    : file_(std::move(file)), fd_(std::move(fd)), context_(ZSTD_createCCtx()) {
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
}

Result<ArchiveWriter> ArchiveWriter::create(const std::filesystem::path& file) {
  UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd.valid()) return fail(io_error("create " + file.string(), errno));
  return ArchiveWriter(file, std::move(fd));
}

Result<> ArchiveWriter::write(Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
    if (written < 0) return fail(io_error("write " + file_.string(), errno));
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Result<> ArchiveWriter::add(Bytes block) {
  compressed_.resize(ZSTD_compressBound(block.size()));
  const size_t size = ZSTD_compress2(context_.get(), compressed_.data(), compressed_.size(),
                                     block.data(), block.size());
  if (ZSTD_isError(size) != 0) {
    return fail(ErrorCode::kInternal, std::string("compress: ") + ZSTD_getErrorName(size));
  }
  entries_.push_back({static_cast<uint32_t>(size), static_cast<uint32_t>(block.size())});
  return write(Bytes(compressed_).substr(0, size));
}

Result<> ArchiveWriter::finish() {
  std::string table;
  append_u32(table, kTableMagic);
  append_u32(table, static_cast<uint32_t>(entries_.size() * kTableEntry + kTableFooter));
  for (const Entry& entry : entries_) {
    append_u32(table, entry.compressed);
    append_u32(table, entry.plain);
  }
  append_u32(table, static_cast<uint32_t>(entries_.size()));
  table.push_back('\0');  // Nothing optional is in the table.
  append_u32(table, kSeekableMagic);
  SLUICE_TRY(write(table));
  if (fsync(fd_.get()) != 0) return fail(io_error("sync " + file_.string(), errno));
  return {};
}

void ArchiveReader::Free::operator()(ZSTD_DCtx_s* context) const { ZSTD_freeDCtx(context); }

ArchiveReader::ArchiveReader(UniqueFd fd, std::vector<Block> blocks)
    : fd_(std::move(fd)), context_(ZSTD_createDCtx()), blocks_(std::move(blocks)) {}

Result<ArchiveReader> ArchiveReader::open(const std::filesystem::path& file) {
  UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    const int number = errno;
    auto error = io_error("open " + file.string(), number);
    if (number == ENOENT) error.code = ErrorCode::kNotFound;
    return fail(std::move(error));
  }
  const auto damaged = [&] {
    return fail(ErrorCode::kInvalidInput,
                file.string() + " is not an archived audit segment: its table is damaged");
  };
  struct stat about{};
  std::string bytes;
  const uint64_t size = fstat(fd.get(), &about) == 0 ? static_cast<uint64_t>(about.st_size) : 0;
  if (size < kTableHeader + kTableFooter ||
      !read_exactly(fd.get(), size - kTableFooter, bytes, kTableFooter) ||
      u32_at(bytes, 5) != kSeekableMagic || bytes[4] != '\0') {
    return damaged();
  }
  const size_t count = u32_at(bytes, 0);
  const size_t table = kTableHeader + count * kTableEntry + kTableFooter;
  if (count == 0 || count > kMostBlocks || table > size ||
      !read_exactly(fd.get(), size - table, bytes, table) || u32_at(bytes, 0) != kTableMagic ||
      u32_at(bytes, 4) != table - kTableHeader) {
    return damaged();
  }
  std::vector<Block> blocks(count + 1);
  for (size_t i = 0; i < count; ++i) {
    const size_t at = kTableHeader + i * kTableEntry;
    const uint32_t plain = u32_at(bytes, at + 4);
    if (plain == 0 || plain > kArchiveBlock) return damaged();
    blocks[i + 1] = {blocks[i].begin + plain, blocks[i].place + u32_at(bytes, at)};
    if (blocks[i + 1].place - blocks[i].place > ZSTD_compressBound(kArchiveBlock)) return damaged();
  }
  if (blocks.back().place != size - table) return damaged();
  return ArchiveReader(std::move(fd), std::move(blocks));
}

void ArchiveReader::load(size_t block) {
  const size_t plain = blocks_[block + 1].begin - blocks_[block].begin;
  const size_t packed = blocks_[block + 1].place - blocks_[block].place;
  plain_.resize(plain);
  loaded_ = block;
  const bool got = read_exactly(fd_.get(), blocks_[block].place, compressed_, packed);
  unread_ = unread_ || !got;
  if (got && ZSTD_decompressDCtx(context_.get(), plain_.data(), plain, compressed_.data(),
                                 packed) == plain) {
    return;
  }
  std::fill(plain_.begin(), plain_.end(), '\xff');
}

size_t ArchiveReader::read(uint64_t offset, char* out, size_t wanted, size_t most) {
  if (offset >= size()) return 0;
  const auto behind = std::upper_bound(blocks_.begin(), blocks_.end(), offset,
                                       [](uint64_t at, const Block& b) { return at < b.begin; });
  size_t done = 0;
  for (auto block = static_cast<size_t>(behind - blocks_.begin()) - 1;
       block + 1 < blocks_.size() && (done == 0 || done < wanted) && done < most; ++block) {
    if (block != loaded_) load(block);
    const size_t skip = offset + done - blocks_[block].begin;
    const size_t part = std::min(plain_.size() - skip, most - done);
    std::memcpy(out + done, plain_.data() + skip, part);
    done += part;
  }
  return done;
}

}  // namespace sluice::audit
