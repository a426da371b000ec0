#include "audit/segment.h"

#include <csignal>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "audit/rewrite.h"
#include "base/hash.h"
#include "base/test_folder.h"

namespace sluice::audit {
namespace {

using ::testing::ElementsAre;
using Status = SegmentReader::Status;
constexpr Salt kSalt{'s', 'a', 'l', 't'};

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void write_file(const std::filesystem::path& file, std::string_view bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

/// What a reader makes of a file: its payloads, and what it says behind the last.
struct Reading {
  std::vector<std::string> payloads;
  std::vector<uint64_t> sequences;
  Status end = Status::kEnd;
};

Reading read_all(const std::filesystem::path& file) {
  Reading out;
  auto reader = SegmentReader::open(file);
  EXPECT_TRUE(reader);
  if (!reader) return out;
  Frame frame;
  while ((out.end = reader->next(frame)) == Status::kFrame) {
    out.payloads.push_back(frame.payload);
    out.sequences.push_back(frame.sequence);
    EXPECT_EQ(frame.salt, kSalt);
  }
  return out;
}

/// The used part of a small segment as a process leaves it that was killed: not sealed.
std::string small_segment(const std::filesystem::path& file, std::vector<std::string> payloads) {
  auto writer = SegmentWriter::create(file, 3, 10, 4096);
  EXPECT_TRUE(writer);
  uint64_t sequence = 10;
  size_t used = kSegmentHeader;
  for (const auto& payload : payloads) {
    (*writer)->append(sequence++, kSalt, payload);
    used += frame_size(payload.size());
  }
  return read_file(file).substr(0, used);
}

const std::vector<std::string> kPayloads = {"first", std::string(21, 'x') + '\0' + "y", "z",
                                            std::string(64, '\xFF')};

TEST(Segment, ReadsWhatWasAppendedAlsoWhileItIsWritten) {
  const TestFolder folder;
  const auto file = folder / "a.seg";
  auto writer = SegmentWriter::create(file, 7, 100, 1 << 16);
  ASSERT_TRUE(writer);
  auto reader = SegmentReader::open(file);
  ASSERT_TRUE(reader);
  Frame frame;
  EXPECT_EQ(reader->next(frame), Status::kEnd);
  for (uint64_t sequence = 100; sequence < 120; ++sequence) {
    const std::string payload(sequence % 13 + 1, static_cast<char>(sequence));
    (*writer)->append(sequence, kSalt, payload);
    ASSERT_EQ(reader->next(frame), Status::kFrame);
    EXPECT_EQ(frame.sequence, sequence);
    EXPECT_EQ(frame.payload, payload);
    EXPECT_EQ(reader->next(frame), Status::kEnd);
  }
  EXPECT_EQ((*writer)->last_sequence(), 119U);
  EXPECT_EQ(read_segment_header(file)->last_sequence, 0U) << "not sealed yet";
  (*writer)->seal();
  EXPECT_EQ(reader->next(frame), Status::kEnd);
  const auto header = read_segment_header(file);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->writer, 7U);
  EXPECT_EQ(header->first_sequence, 100U);
  EXPECT_EQ(header->last_sequence, 119U);
  EXPECT_EQ(std::filesystem::file_size(file), reader->offset()) << "cut to what is used";
}

TEST(Segment, SaysWhenItIsFull) {
  const TestFolder folder;
  const auto file = folder / "a.seg";
  {
    auto writer = SegmentWriter::create(file, 0, 1, 1024);
    ASSERT_TRUE(writer);
    uint64_t sequence = 0;
    while ((*writer)->has_room(50)) (*writer)->append(++sequence, kSalt, std::string(50, 'a'));
    EXPECT_FALSE((*writer)->has_room(50));
    EXPECT_EQ(sequence, (1024 - kSegmentHeader - 8) / frame_size(50));
  }
  EXPECT_EQ(read_all(file).payloads.size(), (1024 - kSegmentHeader - 8) / frame_size(50));
}

TEST(Segment, IsNeverWrittenOverAnother) {
  const TestFolder folder;
  const auto file = folder / "a.seg";
  const std::string before = small_segment(file, kPayloads);
  EXPECT_FALSE(SegmentWriter::create(file, 0, 1, 4096));
  EXPECT_EQ(read_file(file).substr(kSegmentHeader, 100), before.substr(kSegmentHeader, 100));
}

TEST(Segment, Threat37_CutAtEveryByteGivesTheWholeRecordsBefore) {
  const TestFolder folder;
  const auto file = folder / "a.seg";
  const std::string whole = small_segment(folder / "whole.seg", kPayloads);
  std::vector<size_t> ends = {kSegmentHeader};
  for (const auto& payload : kPayloads) ends.push_back(ends.back() + frame_size(payload.size()));

  for (size_t cut = 0; cut <= ends.back(); ++cut) {
    SCOPED_TRACE(cut);
    write_file(file, whole.substr(0, cut));
    if (cut < kSegmentHeader) {
      EXPECT_FALSE(read_segment_header(file));
      EXPECT_FALSE(recover_segment(file));
      continue;
    }
    // The padding behind a record is no part of it.
    size_t records = 0;
    while (records < kPayloads.size() &&
           ends[records] + kFrameHeader + kPayloads[records].size() <= cut) {
      ++records;
    }
    const Reading reading = read_all(file);
    EXPECT_EQ(reading.payloads.size(), records);
    EXPECT_TRUE(std::equal(reading.payloads.begin(), reading.payloads.end(), kPayloads.begin()));

    const auto recovered = recover_segment(file);
    ASSERT_TRUE(recovered);
    EXPECT_EQ(recovered->records, records);
    EXPECT_EQ(recovered->last_sequence, records == 0 ? 0 : 9 + records);
    EXPECT_EQ(read_all(file).payloads, reading.payloads) << "recovery changes no record";
    EXPECT_EQ(read_segment_header(file)->last_sequence, recovered->last_sequence);
  }
}

TEST(Segment, Threat37_LengthThatNeverCameLeavesATornTailThatIsKept) {
  const TestFolder folder;
  const auto file = folder / "a.seg";
  std::string bytes = small_segment(file, {"one", "two"});
  // As when the process dies in the copy: everything but the length, which is written last.
  const size_t second = kSegmentHeader + frame_size(3);
  bytes.replace(second, 4, 4, '\0');
  bytes.resize(4096, '\0');
  write_file(file, bytes);
  const auto recovered = recover_segment(file);
  ASSERT_TRUE(recovered);
  ASSERT_TRUE(recovered->torn);
  EXPECT_EQ(recovered->records, 1U);
  EXPECT_EQ(recovered->good_bytes, second);
  EXPECT_EQ(std::filesystem::file_size(file), second) << "a complete segment ends at its record";
  const std::string torn = bytes.substr(second, bytes.find_last_not_of('\0') + 1 - second);
  EXPECT_EQ(read_file(folder / recovered->torn->file), torn);
  EXPECT_EQ(recovered->torn->bytes, torn.size());
  const auto digest = sha256(torn);
  EXPECT_EQ(recovered->torn->sha256, to_hex({digest.data(), digest.size()}));
  EXPECT_THAT(*list_segments(folder.path()), ElementsAre(file)) << "it is none of the log";
  EXPECT_THAT(read_all(file).payloads, ElementsAre("one"));
}

TEST(Segment, RecoveryGivesBackWhatWasPreallocated) {
  const TestFolder folder;
  const auto file = folder / "a.seg";
  std::string bytes = small_segment(folder / "sealed.seg", kPayloads);
  const size_t used = bytes.size();
  bytes.resize(1 << 20, '\0');
  write_file(file, bytes);
  const auto recovered = recover_segment(file);
  ASSERT_TRUE(recovered);
  EXPECT_FALSE(recovered->torn);
  EXPECT_EQ(std::filesystem::file_size(file), used);
  EXPECT_EQ(read_segment_header(file)->last_sequence, 13U);
}

TEST(Segment, NoFlippedBitGivesARecordThatWasNotWritten) {
  const TestFolder folder;
  const auto file = folder / "a.seg";
  const std::string whole = small_segment(folder / "whole.seg", kPayloads);
  size_t frame = kSegmentHeader;
  size_t next = frame + frame_size(kPayloads[0].size());
  size_t record = 0;
  for (size_t at = kSegmentHeader; at < whole.size(); ++at) {
    if (at == next) {
      frame = next;
      next += frame_size(kPayloads[++record].size());
    }
    const bool padding = at >= frame + kFrameHeader + kPayloads[record].size();
    for (int bit = 0; bit < 8; ++bit) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ 1 << bit);
      write_file(file, bytes);
      const Reading reading = read_all(file);
      ASSERT_EQ(reading.payloads.size(), padding ? kPayloads.size() : record) << at << '.' << bit;
      ASSERT_TRUE(std::equal(reading.payloads.begin(), reading.payloads.end(), kPayloads.begin()));
      // A length that becomes zero looks like the end; the header of a sealed segment tells.
      uint32_t length = 0;
      std::memcpy(&length, bytes.data() + frame, sizeof length);
      if (!padding && length != 0) ASSERT_EQ(reading.end, Status::kCorrupt) << at << '.' << bit;
    }
  }
}

/// Whether a file's header is as it was written.
bool header_is_intact(const std::filesystem::path& file) {
  const auto header = read_segment_header(file);
  return header && header->intact;
}

TEST(Segment, NoFlippedBitOfAHeaderGoesUnnoticed) {
  const TestFolder folder;
  const auto file = folder / "a.seg";
  // Killed, closed, and recovered behind a kill.
  const std::string killed = small_segment(folder / "closed.seg", kPayloads);
  write_file(folder / "recovered.seg", killed);
  ASSERT_TRUE(recover_segment(folder / "recovered.seg"));
  const std::string closed = read_file(folder / "closed.seg");
  EXPECT_EQ(read_file(folder / "recovered.seg"), closed);
  EXPECT_NE(closed, killed);
  for (const std::string& whole : {killed, closed}) {
    write_file(file, whole);
    ASSERT_TRUE(header_is_intact(file));
    for (size_t at = 0; at < kSegmentHeader; ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string bytes = whole;
        bytes[at] = static_cast<char>(bytes[at] ^ 1 << bit);
        write_file(file, bytes);
        ASSERT_FALSE(header_is_intact(file)) << at << '.' << bit;
      }
    }
  }
}

TEST(Segment, AHeaderWithoutChecksumsIsReadAndStaysSo) {
  const TestFolder folder;
  const auto file = folder / "a.seg";
  std::string old = small_segment(folder / "new.seg", kPayloads);
  old[8] = 2;
  std::fill(old.begin() + 40, old.begin() + kSegmentHeader, '\0');
  write_file(file, old);
  ASSERT_TRUE(header_is_intact(file));
  ASSERT_TRUE(recover_segment(file));
  EXPECT_TRUE(header_is_intact(file));
  EXPECT_EQ(read_segment_header(file)->last_sequence, 13U);
  EXPECT_EQ(read_all(file).payloads, kPayloads);
}

TEST(Segment, WhatStandsBehindARecordIsTold) {
  const TestFolder folder;
  const auto file = folder / "a.seg";
  std::string bytes = small_segment(folder / "whole.seg", {"one", "12345678"});
  const size_t stray = kSegmentHeader + kFrameHeader + 3;
  bytes[stray + 1] = 1;
  write_file(file, bytes);
  auto reader = SegmentReader::open(file);
  Frame frame;
  ASSERT_EQ(reader->next(frame), Status::kFrame);
  EXPECT_EQ(frame.stray, stray + 1);
  EXPECT_EQ(frame.payload, "one");
  ASSERT_EQ(reader->next(frame), Status::kFrame);
  EXPECT_EQ(frame.stray, 0U);
  // Cut within what fills the last frame.
  write_file(file, small_segment(folder / "other.seg", {"one"}).substr(0, stray + 2));
  reader = SegmentReader::open(file);
  ASSERT_EQ(reader->next(frame), Status::kFrame);
  EXPECT_EQ(frame.stray, 0U);
}

TEST(Segment, AnErasedRecordKeepsItsPlaceAndNothingElse) {
  const TestFolder folder;
  const auto file = folder / "a.seg";
  small_segment(file, {"one", "my secret", "three"});
  const std::vector<FramePlace> second = {{kSegmentHeader + frame_size(3), 11, 9}};
  ASSERT_TRUE(erase_frames(file, second));
  ASSERT_TRUE(erase_frames(file, second)) << "twice is once";
  EXPECT_EQ(read_file(file).find("secret"), std::string::npos);
  auto reader = SegmentReader::open(file);
  Frame frame;
  ASSERT_EQ(reader->next(frame), Status::kFrame);
  ASSERT_EQ(reader->next(frame), Status::kFrame);
  EXPECT_TRUE(frame.erased);
  EXPECT_EQ(frame.sequence, 11U);
  EXPECT_EQ(frame.salt, Salt{});
  ASSERT_EQ(reader->next(frame), Status::kFrame);
  EXPECT_EQ(frame.payload, "three");
  EXPECT_FALSE(frame.erased);
}

RC_GTEST_PROP(Segment, AnyBytesAreReadWithoutHarm, (const std::string& junk)) {
  const TestFolder folder;
  const auto file = folder / "a.seg";
  const std::string whole = small_segment(folder / "whole.seg", {"one"});
  write_file(file, whole + junk);
  const Reading reading = read_all(file);
  RC_ASSERT(!reading.payloads.empty());
  RC_ASSERT(reading.payloads[0] == "one");
  RC_ASSERT(recover_segment(file).has_value());
}

TEST(Segment, FullDiskShowsWhenItIsMadeAndLeavesNothing) {
  const TestFolder folder;
  const auto file = folder / "a.seg";
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 4096;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto made = SegmentWriter::create(file, 0, 1, 1 << 20);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kIo);
  EXPECT_FALSE(std::filesystem::exists(file));
  EXPECT_TRUE(SegmentWriter::create(file, 0, 1, 1 << 20)) << "room again";
}

TEST(Segment, ListsOnlySegmentsInOrder) {
  const TestFolder folder;
  for (const char* name : {"00000000000000000020-0.seg", "00000000000000000003-1.seg", "note.txt"})
    write_file(folder / name, "");
  const auto files = list_segments(folder.path());
  ASSERT_TRUE(files);
  EXPECT_THAT(*files, ElementsAre(folder / "00000000000000000003-1.seg",
                                  folder / "00000000000000000020-0.seg"));
  EXPECT_FALSE(list_segments(folder / "missing"));
}

}  // namespace
}  // namespace sluice::audit
