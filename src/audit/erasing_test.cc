#include "audit/erasing.h"

#include <csignal>
#include <fstream>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/erasure.h"
#include "audit/index.h"
#include "audit/log.h"
#include "audit/segment.h"
#include "audit/tree_files.h"
#include "audit/verify.h"
#include "base/test_folder.h"

namespace sluice::audit {
namespace {

using ::testing::SizeIs;

constexpr uint64_t kRecords = 60, kFirst = 20, kLast = 39;
constexpr std::string_view kWord = "zebraquagga";

/// A log of statements, indexed and closed, some of which are to be erased, as a record says.
class ErasingTest : public ::testing::Test {
 protected:
  ErasingTest() {
    auto log = *Log::open({.directory = audit}, 1);
    key = log->key();
    for (uint64_t number = 1; number <= kRecords; ++number) {
      Event event;
      event.time_micros = 1;
      const bool secret = number >= kFirst && number <= kLast;
      const std::string text =
          std::string("SELECT ") + std::string(secret ? kWord : "harmless") + std::string(300, ' ');
      event.text = text;
      EXPECT_TRUE(log->writer(0).append(EncodedContext({.user = "alice"}), event));
    }
    Event event;
    event.type = EventType::kEvidence;
    const Erasure range{kFirst, kLast};
    const std::string message = format_erasure({&range, 1}, "request 17");
    event.message = message;
    EXPECT_TRUE(log->append_admin({}, event));
    EXPECT_TRUE(eventually([&] { return log->health().indexed_sequence >= kRecords; }));
    log->close();
    segment = list_segments(audit / "log")->front();
    auto reader = *SegmentReader::open(segment);
    Frame frame;
    while (reader.next(frame) == SegmentReader::Status::kFrame) {
      if (frame.sequence < kFirst || frame.sequence > kLast) continue;
      frames.push_back({frame.offset, frame.sequence, static_cast<uint32_t>(frame.payload.size())});
    }
    EXPECT_THAT(frames, SizeIs(kLast - kFirst + 1));
    keep();
  }
  static bool eventually(const std::function<bool()>& done) {
    for (int i = 0; i < 10'000 && !done(); ++i) usleep(1000);
    return done();
  }
  void keep() {
    std::filesystem::remove_all(before);
    std::filesystem::copy(audit, before, std::filesystem::copy_options::recursive);
  }
  void restore() const {
    std::filesystem::remove_all(audit);
    std::filesystem::copy(before, audit, std::filesystem::copy_options::recursive);
  }
  VerifyReport verified() const {
    auto report = verify_log({.audit = audit, .key = key});
    EXPECT_TRUE(report);
    EXPECT_TRUE(report->good()) << report->findings.front().text;
    EXPECT_EQ(report->lost, 0U);
    return std::move(*report);
  }
  bool has_traces() const {
    for (const auto& file : std::filesystem::recursive_directory_iterator(audit)) {
      const auto bytes = file.is_regular_file() ? read_file(file.path()) : std::string();
      if (bytes && bytes->find(kWord) != std::string::npos) return true;
      if (const auto archive = SegmentFile::open(file.path().parent_path() / file.path().stem());
          archive && file.path().extension() == ".zst") {
        auto reader = *SegmentFile::open(file.path().parent_path() / file.path().stem());
        std::string plain(reader.size(), '\0');
        plain.resize(reader.read(0, plain.data(), plain.size(), plain.size()));
        if (plain.find(kWord) != std::string::npos) return true;
      }
    }
    return false;
  }
  /// Whatever state the folder is in: nothing is damaged, and once a gateway has it all is erased.
  void check(const std::string& state) {
    SCOPED_TRACE(state);
    const auto at_once = verified();
    EXPECT_EQ(at_once.records + at_once.erased, at_once.head.size);
    auto log = Log::open({.directory = audit}, 1);
    ASSERT_TRUE(log) << log.error().text;
    EXPECT_TRUE((*log)->append_admin({}, {}));
    EXPECT_TRUE(eventually([&] { return !has_traces(); }));
    (*log)->close();
    EXPECT_EQ(verified().erased, frames.size());
    EXPECT_FALSE(std::filesystem::exists(audit / "erasing"));
  }
  void begin() { EXPECT_TRUE(begin_erasing(audit, std::vector<SegmentFrames>{{segment, frames}})); }

  TestFolder folder;
  std::filesystem::path audit = folder / "audit", before = folder / "before", segment;
  std::vector<FramePlace> frames;
  tlog::VerifierKey key;
};

TEST_F(ErasingTest, Threat106_KilledAtAnyByteItIsFinishedAtTheNextStart) {
  ASSERT_TRUE(erase_frames(segment, frames));
  const std::string after = *read_file(segment);
  // How far the first and the last frame have been overwritten; those between are as the one or the
  // other.
  for (const size_t which : {size_t{0}, frames.size() - 1}) {
    const size_t size = kFrameHeader + frames[which].length;
    for (const size_t bytes : {size_t{0}, size_t{6}, kFrameHeader, size - 200, size}) {
      if (which != 0 && bytes == 0) continue;
      restore();
      begin();
      std::string torn = *read_file(segment);
      for (size_t i = 0; i <= which; ++i) {
        const size_t part = i < which ? kFrameHeader + frames[i].length : bytes;
        torn.replace(frames[i].offset, part, after, frames[i].offset, part);
      }
      ASSERT_TRUE(replace_file(segment, torn));
      check(fmt::format("frame {}, {} bytes", which, bytes));
    }
  }
}

TEST_F(ErasingTest, Threat106_WhatIsErasedAndStillInTheIndexGoesToo) {
  begin();
  ASSERT_TRUE(finish_erasing(audit));
  EXPECT_TRUE(has_traces()) << "in the index";
  check("erased, not settled");
}

TEST_F(ErasingTest, Threat106_NothingOfABrokenOffArchivingStays) {
  ASSERT_TRUE(archive_segment(segment));
  std::filesystem::copy_file(before / "log" / segment.filename(), segment);
  std::filesystem::copy_file(archive_path(segment), archive_path(segment).string() + ".new");
  begin();
  check("segment, archive and the archive's next");
}

TEST_F(ErasingTest, Threat106_AnArchiveIsTheOldOrTheNew) {
  ASSERT_TRUE(archive_segment(segment));
  keep();
  begin();
  check("not begun");
  restore();
  begin();
  const std::string archive = *read_file(archive_path(segment));
  std::ofstream(archive_path(segment).string() + ".new") << archive.substr(0, archive.size() / 2);
  check("being written");
}

TEST_F(ErasingTest, Threat106_KilledAtRandomMoments) {
  std::mt19937 random(17);
  for (int round = 0; round < 6; ++round) {
    restore();
    const pid_t child = fork();
    if (child == 0) {
      (void)erase_records(audit, {kFirst, kLast}, {});
      _exit(0);
    }
    usleep(static_cast<useconds_t>(random() % 6000));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    verified();
    // What had begun is finished, and what had not, is done by asking again.
    ASSERT_TRUE(lock_segments(audit));
    verified();
    ASSERT_TRUE(erase_records(audit, {kFirst, kLast}, {}));
    check(fmt::format("round {}", round));
  }
}

/// Another command may have noted what it erases since somebody looked.
TEST_F(ErasingTest, ANoteOfWhatIsStillThereIsNotDropped) {
  begin();
  EXPECT_FALSE(settle_index(audit));
  EXPECT_THAT(*being_erased(audit), SizeIs(1));
  check("it is finished");
}

TEST_F(ErasingTest, WhatExplainsTheLogStays) {
  const auto count = erase_records(audit, {kFirst, kLast}, {});
  EXPECT_EQ(count, (ErasedCount{kLast - kFirst + 1}));
  EXPECT_EQ(erase_records(audit, {kRecords + 1, kRecords + 1}, {}), (ErasedCount{0, 1}));
  EXPECT_EQ(verified().erased, kLast - kFirst + 1);
}

/// Who writes such a note has hidden nothing by it.
TEST_F(ErasingTest, Threat106_ANoteExplainsNothing) {
  const Frame other = [&] {
    auto reader = *SegmentReader::open(segment);
    Frame frame;
    reader.next(frame);
    return frame;
  }();
  std::string bytes = *read_file(segment);
  bytes[other.offset + kFrameHeader + 4] ^= 1;
  ASSERT_TRUE(replace_file(segment, bytes));
  const FramePlace place{other.offset, other.sequence, static_cast<uint32_t>(other.payload.size())};
  ASSERT_TRUE(begin_erasing(audit, std::vector<SegmentFrames>{{segment, {place}}}));
  const auto report = verify_log({.audit = audit, .key = key});
  ASSERT_THAT(report->findings, SizeIs(1));
  EXPECT_EQ(report->findings[0].kind, Finding::Kind::kErased);
  EXPECT_EQ(report->findings[0].first, 1U);
}

TEST_F(ErasingTest, ANoteThatSaysSomethingElseIsNotFollowed) {
  for (const char* text :
       {"", "sluice erasing v1\n", "sluice erasing v1\nsegment ../x.seg\n64 1 1\nend\n",
        "sluice erasing v1\nsegment a.seg\n63 1 1\nend\n", "sluice erasing v1\n64 1 1\nend\n",
        "sluice erasing v1\nsegment a.seg\n64 1\nend\n"}) {
    ASSERT_TRUE(replace_file(audit / "erasing", text));
    EXPECT_FALSE(being_erased(audit)) << text;
    EXPECT_FALSE(Log::open({.directory = audit}, 1)) << text;
  }
}

}  // namespace
}  // namespace sluice::audit
