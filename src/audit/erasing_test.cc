#include "audit/erasing.h"

#include <csignal>
#include <fstream>
#include <mutex>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/erasure.h"
#include "audit/index.h"
#include "audit/log.h"
#include "audit/search.h"
#include "audit/segment.h"
#include "audit/tree_files.h"
#include "audit/upkeep.h"
#include "audit/verify.h"
#include "base/test_folder.h"

namespace sluice::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
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
      std::error_code ignored;
      const bool regular = file.is_regular_file(ignored);
      const auto bytes = regular ? read_file(file.path()) : std::string();
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

/// As a disk that does not let it be opened just now.
class UnreadableArchive : public ErasingTest {
 protected:
  UnreadableArchive() {
    EXPECT_TRUE(archive_segment(segment));
    EXPECT_TRUE(begin_erasing(audit, std::vector<SegmentFrames>{{segment, frames}}));
    hide();
  }
  void hide() const {
    std::filesystem::rename(archive_path(segment), away);
    std::filesystem::create_symlink(archive_path(segment), archive_path(segment));
  }
  void show() const { std::filesystem::rename(away, archive_path(segment)); }
  /// As half a minute later.
  void later() const {
    const std::string text = *read_file(audit / "erasing.failed");
    ASSERT_TRUE(replace_file(audit / "erasing.failed", "1" + text.substr(text.find(' '))));
  }

  std::filesystem::path away = folder / "away";
};

TEST_F(UnreadableArchive, Threat106_StaysNotedAndTheLogGoesOn) {
  auto log = Log::open({.directory = audit}, 1);
  ASSERT_TRUE(log) << log.error().text;
  const auto number = (*log)->append_admin({}, {});
  ASSERT_TRUE(number);
  EXPECT_TRUE(eventually([&] { return (*log)->health().published_sequence >= *number; }))
      << "it is signed";
  (*log)->close();
  Index::remove(audit);
  EXPECT_THAT(*known_damage(audit), ElementsAre(HasSubstr("cannot be read now")));
  const auto left = resume_erasing(audit, true);
  ASSERT_TRUE(left);
  EXPECT_EQ(left->records, frames.size());
  EXPECT_THAT(left->why, HasSubstr(segment.filename().string()));
  show();
  check("it can be read again");
  EXPECT_FALSE(std::filesystem::exists(audit / "erasing.failed"));
}

TEST_F(UnreadableArchive, Threat106_WhatElseIsErasedGoes) {
  auto log = *Log::open({.directory = audit}, 1);
  const std::string text = std::string("SELECT ") + "second" + std::string(kWord);
  Event event;
  event.time_micros = 1;
  event.text = text;
  const uint64_t number = *log->writer(0).append(EncodedContext({.user = "alice"}), event);
  Event words;
  words.type = EventType::kEvidence;
  const Erasure range{number, number};
  const std::string message = format_erasure({&range, 1}, "request 18");
  words.message = message;
  ASSERT_TRUE(log->append_admin({}, words));
  EXPECT_TRUE(eventually([&] { return log->health().indexed_sequence > number; }));
  log->close();
  EXPECT_FALSE(erase_records(audit, {kFirst, number}, {})) << "some of it may be in there";
  EXPECT_EQ(erase_records(audit, range, {}), (ErasedCount{1}));
  ASSERT_THAT(*being_erased(audit), SizeIs(1));
  EXPECT_EQ(being_erased(audit)->front().frames.size(), frames.size());
  // Once the index is made anew nothing of it can be found, whatever else is still to be erased.
  log = *Log::open({.directory = audit}, 1);
  EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(stale_index(audit)); }));
  EXPECT_TRUE(eventually([&] { return log->health().indexed_sequence > number; }));
  log->close();
  EXPECT_FALSE(has_traces());
  show();
  frames.push_back({});  // One more to be counted.
  check("it can be read again");
}

TEST_F(UnreadableArchive, IsTriedAgainAfterAWhile) {
  ASSERT_TRUE(lock_segments(audit));
  show();
  ASSERT_TRUE(lock_segments(audit));
  EXPECT_THAT(*being_erased(audit), SizeIs(1)) << "not at each moment: it may be long";
  later();
  ASSERT_TRUE(lock_segments(audit));
  EXPECT_THAT(*being_erased(audit), SizeIs(0));
  check("tried again");
}

TEST_F(UnreadableArchive, IsNotArchivedNorForgottenByUpkeep) {
  auto log = *Log::open({.directory = audit}, 1);
  std::mutex mutex;
  std::vector<std::string> told;
  auto callbacks = Upkeep::callbacks_of(*log, [] { return std::vector<LegalHold>(); });
  callbacks.tell = [&](const std::string& message) -> Result<> {
    const std::lock_guard lock(mutex);
    told.push_back(message);
    return {};
  };
  Upkeep upkeep(audit, {std::chrono::seconds(0), {}}, callbacks);
  EXPECT_TRUE(eventually([&] { return upkeep.unerased().records == frames.size(); }));
  EXPECT_THAT(upkeep.unerased().why, HasSubstr(segment.filename().string()));
  show();
  later();
  EXPECT_TRUE(eventually([&] { return upkeep.unerased().records == 0; }));
  upkeep.stop();
  log->close();
  EXPECT_THAT(
      told, ElementsAre(HasSubstr("not erased yet: 20 record(s) of "), HasSubstr("erased by now")));
  check("the next start");
}

}  // namespace
}  // namespace sluice::audit
