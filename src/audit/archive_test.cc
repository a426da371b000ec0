#include "audit/archive.h"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "audit/rewrite.h"
#include "audit/segment.h"
#include "base/test_folder.h"

namespace {
/// Reads of archives from offsets between these fail, as those of a disk do.
std::atomic<off_t> unreadable_from{0}, unreadable_to{0};
}  // namespace

/// In place of the C library's.
extern "C" ssize_t pread(int fd, void* out, size_t bytes, off_t offset) {
  const bool bad = offset >= unreadable_from && offset < unreadable_to;
  if (bad &&
      std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd)).extension() == ".zst") {
    errno = EIO;
    return -1;
  }
  return syscall(SYS_pread64, fd, out, bytes, offset);
}

namespace sluice::audit {
namespace {

using Status = SegmentReader::Status;

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void write_file(const std::filesystem::path& file, std::string_view bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

/// A complete segment of several blocks, with records of many sizes.
class Archive : public ::testing::Test {
 protected:
  void SetUp() override {
    auto writer = SegmentWriter::create(file, 3, 1, 4 << 20);
    ASSERT_TRUE(writer);
    for (uint64_t n = 1; n <= kRecords; ++n) (*writer)->append(n, salt_of(n), payload_of(n));
    (*writer)->seal();
    writer->reset();
    plain = read_file(file);
    ASSERT_GT(plain.size(), 3 * kArchiveBlock);
  }

  static Salt salt_of(uint64_t n) { return {static_cast<char>(n), 's'}; }
  static std::string payload_of(uint64_t n) {
    return "record " + std::to_string(n) + ": " +
           std::string(n % 50 == 0 ? 100'000 : n % 977, static_cast<char>('a' + n % 26));
  }

  /// The places of records by number, as they were before anything was done.
  std::vector<FramePlace> places(std::initializer_list<uint64_t> numbers) {
    std::vector<FramePlace> out;
    auto reader = SegmentReader::open(file);
    Frame frame;
    while (reader->next(frame) == Status::kFrame) {
      if (std::find(numbers.begin(), numbers.end(), frame.sequence) != numbers.end())
        out.push_back({frame.offset, frame.sequence, static_cast<uint32_t>(frame.payload.size())});
    }
    return out;
  }

  static constexpr uint64_t kRecords = 400;
  TestFolder folder;
  std::filesystem::path file = folder / "00000000000000000001-3.seg";
  std::filesystem::path packed = folder / "00000000000000000001-3.seg.zst";
  std::string plain;
};

TEST_F(Archive, TakesThePlaceOfTheSegmentAndReadsTheSame) {
  ASSERT_TRUE(archive_segment(file));
  EXPECT_FALSE(std::filesystem::exists(file));
  EXPECT_LT(std::filesystem::file_size(packed), plain.size() / 10);
  EXPECT_THAT(*list_segments(folder.path()), ::testing::ElementsAre(file));
  EXPECT_EQ(segment_size(file), plain.size());
  EXPECT_EQ(segment_place(file), packed);
  const auto header = read_segment_header(file);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->first_sequence, 1U);
  EXPECT_EQ(header->last_sequence, kRecords);
  auto reader = SegmentReader::open(file);
  ASSERT_TRUE(reader);
  Frame frame;
  std::vector<uint64_t> offsets;
  for (uint64_t n = 1; n <= kRecords; ++n) {
    ASSERT_EQ(reader->next(frame), Status::kFrame);
    EXPECT_EQ(frame.sequence, n);
    EXPECT_EQ(frame.payload, payload_of(n));
    EXPECT_EQ(frame.salt, salt_of(n));
    offsets.push_back(frame.offset);
  }
  EXPECT_EQ(reader->next(frame), Status::kEnd);
  // From anywhere, backwards.
  for (uint64_t n = kRecords; n > 0; n -= 7) {
    auto there = SegmentReader::open(file, offsets[n - 1]);
    ASSERT_EQ(there->next(frame), Status::kFrame);
    EXPECT_EQ(frame.sequence, n);
    if (n < 7) break;
  }
}

TEST_F(Archive, IsWhatTheZstdToolUnpacks) {
  ASSERT_TRUE(archive_segment(file));
  ASSERT_EQ(std::system(("zstd -q -d --keep " + packed.string()).c_str()), 0);
  EXPECT_EQ(read_file(file), plain);
}

TEST_F(Archive, WhatIsErasedIsGoneFromItAndKeepsItsPlace) {
  // 50 is longer than half a block, so that some of these cross the border of blocks.
  const auto gone = places({1, 2, 50, 100, 150, 399, 400});
  ASSERT_TRUE(archive_segment(file));
  ASSERT_TRUE(erase_frames(file, gone));
  EXPECT_FALSE(std::filesystem::exists(file));
  auto reader = SegmentReader::open(file);
  Frame frame;
  size_t erased = 0;
  for (uint64_t n = 1; n <= kRecords; ++n) {
    ASSERT_EQ(reader->next(frame), Status::kFrame) << n;
    EXPECT_EQ(frame.sequence, n);
    erased += frame.erased ? 1 : 0;
    if (!frame.erased) EXPECT_EQ(frame.payload, payload_of(n));
  }
  EXPECT_EQ(erased, gone.size());
  // The same as when it is erased first.
  const auto other = folder / "00000000000000000002-3.seg";
  write_file(other, plain);
  ASSERT_TRUE(erase_frames(other, gone));
  ASSERT_EQ(std::system(("zstd -q -d --keep " + packed.string()).c_str()), 0);
  EXPECT_EQ(read_file(file), read_file(other));
  EXPECT_EQ(read_file(other).find("record 399:"), std::string::npos);
}

TEST_F(Archive, OneThatWasNotFinishedDoesNotBringBackWhatIsErased) {
  const auto gone = places({7});
  ASSERT_TRUE(archive_segment(file));
  write_file(file, plain);  // The process died before it was removed.
  EXPECT_THAT(*list_segments(folder.path()), ::testing::ElementsAre(file));
  ASSERT_TRUE(erase_frames(file, gone));
  EXPECT_FALSE(std::filesystem::exists(packed));
  ASSERT_TRUE(archive_segment(file));
  auto reader = SegmentReader::open(file, gone[0].offset);
  Frame frame;
  ASSERT_EQ(reader->next(frame), Status::kFrame);
  EXPECT_TRUE(frame.erased);
}

/// What a disk does not give just now may be there tomorrow.
TEST_F(Archive, WhatCannotBeReadIsNotWrittenOver) {
  const auto gone = places({7});
  ASSERT_TRUE(archive_segment(file));
  const std::string whole = read_file(packed);
  unreadable_from = static_cast<off_t>(whole.size() / 2);
  unreadable_to = static_cast<off_t>(whole.size() - 1000);
  const auto erased = erase_frames(file, gone);
  unreadable_from = unreadable_to = 0;
  EXPECT_FALSE(erased);
  EXPECT_EQ(read_file(packed), whole);
  ASSERT_TRUE(erase_frames(file, gone));
  auto reader = SegmentReader::open(file);
  Frame frame;
  for (uint64_t n = 1; n <= kRecords; ++n) ASSERT_EQ(reader->next(frame), Status::kFrame) << n;
}

TEST_F(Archive, ADamagedBlockHidesNothingOfTheOthers) {
  ASSERT_TRUE(archive_segment(file));
  std::string bytes = read_file(packed);
  // Its blocks follow each other from the start, the second one behind the header's.
  const size_t middle = bytes.size() / 2;
  bytes[middle] = static_cast<char>(bytes[middle] ^ 0x10);
  write_file(packed, bytes);
  auto reader = SegmentReader::open(file);
  ASSERT_TRUE(reader);
  Frame frame;
  std::vector<uint64_t> numbers;
  size_t damages = 0;
  for (;;) {
    const auto status = reader->next(frame);
    if (status == Status::kFrame) {
      EXPECT_EQ(frame.payload, payload_of(frame.sequence));
      numbers.push_back(frame.sequence);
      continue;
    }
    if (status == Status::kEnd) break;
    ++damages;
    if (!reader->find_next()) break;
  }
  EXPECT_GE(damages, 1U);
  EXPECT_LT(numbers.size(), kRecords);
  EXPECT_EQ(numbers.front(), 1U);
  EXPECT_EQ(numbers.back(), kRecords);
}

TEST_F(Archive, NoFlippedBitGivesWhatWasNotWritten) {
  ASSERT_TRUE(archive_segment(file));
  const std::string whole = read_file(packed);
  for (size_t at = 0; at < whole.size(); at += whole.size() < 4096 ? 1 : 61) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 1 << at % 8);
    write_file(packed, bytes);
    auto reader = SegmentReader::open(file);
    if (!reader) continue;
    Frame frame;
    while (reader->next(frame) == Status::kFrame)
      ASSERT_EQ(frame.payload, payload_of(frame.sequence)) << at;
  }
}

TEST_F(Archive, NoCutIsTakenForAWholeOne) {
  ASSERT_TRUE(archive_segment(file));
  const std::string whole = read_file(packed);
  for (const size_t keep :
       {size_t{0}, size_t{8}, size_t{17}, whole.size() / 2, whole.size() - 9, whole.size() - 1}) {
    write_file(packed, whole.substr(0, keep));
    EXPECT_FALSE(SegmentReader::open(file)) << keep;
  }
}

RC_GTEST_PROP(ArchiveTable, AnyBytesAreReadWithoutHarm, (const std::string& junk)) {
  const TestFolder folder;
  const auto file = folder / "a.seg.zst";
  // With a footer that leads further.
  const std::string footer("\x01\x00\x00\x00\x00\xb1\xea\x92\x8f", 9);
  for (const auto& bytes : {junk, junk + footer}) {
    write_file(file, bytes);
    auto reader = ArchiveReader::open(file);
    char out[64];
    if (reader) RC_ASSERT(reader->read(0, out, sizeof out, sizeof out) <= sizeof out);
  }
}

TEST(ArchiveMissing, IsToldApartFromADamagedOne) {
  const TestFolder folder;
  const auto missing = SegmentReader::open(folder / "a.seg");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace sluice::audit
