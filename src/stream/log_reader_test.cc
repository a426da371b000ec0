#include "stream/log_reader.h"

#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/test_folder.h"

namespace sluice::stream {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A log folder with writers whose segments hold a few records each.
class TestLog {
 public:
  /// Appends the next record of the log through this writer, in a new segment if wanted.
  void append(uint32_t writer, bool new_segment = false) {
    auto& segment = open_[writer];
    const uint64_t sequence = ++last_;
    if (segment && new_segment) segment->seal();
    if (!segment || new_segment) {
      segment = *audit::SegmentWriter::create(
          folder_ / fmt::format("{:020}-{}.seg", sequence, writer), writer, sequence, 8192);
    }
    segment->append(sequence, {}, fmt::format("record {}", sequence));
  }
  void seal_all() {
    for (auto& [writer, segment] : open_) segment->seal();
    open_.clear();
  }
  const std::filesystem::path& path() const { return folder_.path(); }
  std::filesystem::path file(const std::string& name) const { return folder_ / name; }
  uint64_t last() const { return last_; }

 private:
  TestFolder folder_;
  std::map<uint32_t, std::unique_ptr<audit::SegmentWriter>> open_;
  uint64_t last_ = 0;
};

std::vector<uint64_t> read_some(LogReader& reader, size_t limit = SIZE_MAX) {
  std::vector<uint64_t> sequences;
  const auto read = reader.read([&](const audit::Frame& frame) {
    EXPECT_EQ(frame.payload, fmt::format("record {}", frame.sequence));
    sequences.push_back(frame.sequence);
    return sequences.size() < limit;
  });
  EXPECT_TRUE(read) << read.error().text;
  return sequences;
}

TEST(LogReader, MergesWritersInOrder) {
  TestLog log;
  for (const uint32_t writer : {0, 1, 0, 2, 1, 0}) log.append(writer);
  LogReader reader(log.path(), {});
  EXPECT_THAT(read_some(reader), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(read_some(reader), IsEmpty());
  log.append(2);
  log.append(3);
  EXPECT_THAT(read_some(reader), ElementsAre(7, 8)) << "while it is being written";
  EXPECT_EQ(reader.cursor().position, 8U);
}

TEST(LogReader, GoesOnWhereACursorStands) {
  TestLog log;
  for (const uint32_t writer : {0, 1, 0, 1}) log.append(writer);
  log.append(0, true);
  LogReader first(log.path(), {});
  EXPECT_THAT(read_some(first, 3), ElementsAre(1, 2, 3));
  LogReader second(log.path(), first.cursor());
  EXPECT_THAT(read_some(second), ElementsAre(4, 5));
}

TEST(LogReader, BeginsAtTheEnd) {
  TestLog log;
  for (const bool fresh : {true, false, true, false}) log.append(0, fresh);
  const auto cursor = LogReader::at_end(log.path(), log.last());
  ASSERT_TRUE(cursor);
  log.append(0);
  log.append(1);
  LogReader reader(log.path(), *cursor);
  EXPECT_THAT(read_some(reader), ElementsAre(5, 6));
}

TEST(LogReader, TellsOfDamageOnceAndGoesOnBehindIt) {
  TestLog log;
  log.append(0);
  log.append(0, true);
  {
    std::fstream file(log.file("00000000000000000001-0.seg"),
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(audit::kSegmentHeader + audit::kFrameHeader);
    file.put('X');
  }
  LogReader reader(log.path(), {});
  EXPECT_THAT(read_some(reader), ElementsAre(2));
  EXPECT_THAT(reader.take_damage(), ElementsAre(HasSubstr("damaged at byte 64")));
  log.append(0);
  EXPECT_THAT(read_some(reader), ElementsAre(3));
  EXPECT_THAT(reader.take_damage(), IsEmpty());
}

TEST(LogReader, FindsWhatStandsBehindDamage) {
  TestLog log;
  for (int i = 0; i < 4; ++i) log.append(0);
  {
    std::fstream file(log.file("00000000000000000001-0.seg"),
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(audit::kSegmentHeader + audit::frame_size(8) +
                                           audit::kFrameHeader));
    file.put('X');
  }
  LogReader reader(log.path(), {});
  EXPECT_THAT(read_some(reader), ElementsAre(1, 3, 4));
  EXPECT_EQ(reader.take_damage().size(), 1U);
  log.append(0);
  EXPECT_THAT(read_some(reader), ElementsAre(5));
  EXPECT_THAT(reader.take_damage(), IsEmpty());
}

TEST(LogReader, ADamagedEndIsToldOfOnce) {
  TestLog log;
  log.append(0);
  log.append(0);
  {
    std::fstream file(log.file("00000000000000000001-0.seg"),
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(audit::kSegmentHeader + audit::frame_size(8) +
                                           audit::kFrameHeader));
    file.put('X');
  }
  LogReader reader(log.path(), {});
  EXPECT_THAT(read_some(reader), ElementsAre(1));
  EXPECT_THAT(read_some(reader), IsEmpty());
  EXPECT_EQ(reader.take_damage().size(), 1U);
  log.append(0);
  EXPECT_THAT(read_some(reader), IsEmpty()) << "not every time";
  log.append(0, true);
  EXPECT_THAT(read_some(reader), ElementsAre(3, 4));
  EXPECT_THAT(reader.take_damage(), IsEmpty());
}

TEST(LogReader, WhatIsNoSegmentIsNotInTheWay) {
  TestLog log;
  std::ofstream(log.file("notes.txt")) << "x";
  std::ofstream(log.file("strange.seg")) << "x";
  std::ofstream(log.file("00000000000000000000-0.seg")) << "no segment";
  log.append(0);
  LogReader reader(log.path(), {});
  EXPECT_THAT(read_some(reader), ElementsAre(1));
}

TEST(LogReader, ARemovedSegmentIsPassedOver) {
  TestLog log;
  log.append(0);
  log.append(0);
  LogReader reader(log.path(), {});
  EXPECT_THAT(read_some(reader, 1), ElementsAre(1));
  log.append(0, true);
  log.append(0, true);
  std::filesystem::remove(log.file("00000000000000000001-0.seg"));
  EXPECT_THAT(read_some(reader), ElementsAre(2, 3, 4)) << "what is open is still read";
  LogReader later(log.path(), Cursor{{{0, {"00000000000000000001-0.seg", 64}}}, 0, 0});
  EXPECT_THAT(read_some(later), ElementsAre(3, 4));
}

TEST(LogReader, ALogPutBackIsReadFromItsBeginning) {
  TestLog log;
  log.append(0);
  log.seal_all();
  LogReader reader(log.path(), Cursor{{{0, {"00000000000000000001-0.seg", 5000}}}, 0, 0});
  EXPECT_THAT(read_some(reader), ElementsAre(1));
}

RC_GTEST_PROP(LogReader, HandsOverEachRecordOnceWhateverHappens, ()) {
  TestLog log;
  auto reader = std::make_unique<LogReader>(log.path(), Cursor());
  std::vector<uint64_t> got;
  const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 10));
  for (const int step : steps) {
    if (step < 6) {
      log.append(static_cast<uint32_t>(step % 3), step >= 4);
    } else if (step == 6) {
      reader = std::make_unique<LogReader>(log.path(), Cursor(reader->cursor()));
    } else if (step == 7) {
      log.seal_all();  // As when the process ends; the next append begins a new segment.
    } else {
      for (const auto sequence : read_some(*reader, step == 8 ? 2 : SIZE_MAX))
        got.push_back(sequence);
    }
  }
  for (const auto sequence : read_some(*reader)) got.push_back(sequence);
  std::vector<uint64_t> expected;
  for (uint64_t i = 1; i <= log.last(); ++i) expected.push_back(i);
  RC_ASSERT(got == expected);
}

}  // namespace
}  // namespace sluice::stream
