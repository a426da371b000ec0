#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "audit/log_fixture.h"
#include "audit/record.h"
#include "audit/search.h"
#include "audit/segment.h"
#include "audit/tree_files.h"
#include "audit/verify.h"
#include "base/test_folder.h"
#include "store/database.h"

namespace sluice::audit {
namespace {

TEST_F(LogTest, Threat37_AfterACrashWholeRecordsAreKeptAndNumbersNotUsedAgain) {
  leave_behind({5, 8});
  const auto log = open();
  EXPECT_GE(*log->writer(0).append(context, statement("after")), 9U) << "behind what says so";
  EXPECT_THAT(texts(), ElementsAre("before", "before", "after"));
  EXPECT_THAT(evidence(), Contains(HasSubstr("with 2 records")));
  EXPECT_TRUE(eventually([&] {
    return testing::Value(evidence(),
                          IsSupersetOf({"lost: records 1 to 4", "lost: records 6 to 7"}));
  }));
}

TEST_F(LogTest, WhatIsClosedAtOnceSaysWhatWasLostAllTheSame) {
  std::vector<uint64_t> numbers;
  for (uint64_t number = 5; number <= 805; number += 2) numbers.push_back(number);
  leave_behind(numbers);
  const auto log = open();
  log->close();
  // One before the first and 400 between them: more than what is left of the last page holds.
  std::vector<std::string> lost;
  for (const auto& message : evidence())
    if (message.starts_with("lost: ")) lost.push_back(message);
  EXPECT_EQ(lost.size(), 401U);
  EXPECT_THAT(lost, IsSupersetOf({"lost: records 1 to 4", "lost: record 6", "lost: record 804"}));
  const auto health = log->health();
  EXPECT_EQ(health.published_sequence, health.last_sequence) << "that is signed too";
}

TEST_F(LogTest, NoNumberIsGivenTwiceWhereTheFirstRecordIsDamaged) {
  const auto file = write_ten();
  take_tree_back();
  flip(file, kSegmentHeader + kFrameHeader);
  const auto log = open();
  ASSERT_TRUE(log);
  EXPECT_GT(*log->writer(0).append(context, statement("after")), 10U);
}

TEST_F(LogTest, NoNumberIsGivenTwiceWhereTheFirstOfASegmentThatWasNotClosedIsDamaged) {
  leave_behind({1, 2, 3, 4, 9});
  flip(list_segments(segments())->front(), kSegmentHeader + kFrameHeader);
  const auto log = open();
  ASSERT_TRUE(log);
  EXPECT_GT(*log->writer(0).append(context, statement("after")), 9U);
}

/// Power failed when a segment had its name, and its header had not reached the disk.
TEST_F(LogTest, ASegmentWithoutNumbersIsInNobodysWay) {
  write_ten();
  const auto file = segments() / "00000000000000000011-0.seg";
  {
    ASSERT_TRUE(SegmentWriter::create(file, 0, 0, 4096));
  }
  ASSERT_EQ(read_segment_header(file)->first_sequence, 0U);
  const auto log = open();
  ASSERT_TRUE(log);
  const auto number = log->writer(0).append(context, statement("after"));
  ASSERT_TRUE(number);
  EXPECT_GT(*number, 10U);
  EXPECT_LT(*number, 20U);
}

/// The header of a segment is not signed.
TEST_F(LogTest, ANumberThatThereIsNoRoomForIsNotBelieved) {
  const auto file = write_ten();
  constexpr size_t kLastSequence = 32;
  std::string bytes = *read_file(file);
  bytes[kLastSequence + 6] ^= 0x10;
  ASSERT_TRUE(replace_file(file, bytes));
  const auto refused = Log::open(options, 1);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text, HasSubstr("more records than there is room for"));
  EXPECT_EQ(*read_file(file), bytes) << "it is evidence";
}

/// It would be taken for a log that has just begun, and signed as it stands.
TEST_F(LogTest, ATreeThatWasTakenAwayIsNotMadeAnew) {
  write_ten();
  std::filesystem::remove_all(folder / "tlog");
  const auto refused = Log::open(options, 1);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text, HasSubstr("tlog/checkpoint is not there"));
  EXPECT_FALSE(std::filesystem::exists(folder / "tlog" / "checkpoint"));
}

/// What an old one does not cover would be looked at anew, and cut at the first damage.
TEST_F(LogTest, AnOldCheckpointThatWasPutBackIsNotBelieved) {
  const auto file = write_ten();
  const auto log = open();
  ASSERT_TRUE(log->append_admin({}, statement("one more")));
  ASSERT_TRUE(log->rotate_key());
  log->close();
  const auto files = tree_files(folder.path());
  const std::string latest = *files.read_checkpoint();
  const std::string before = *read_file(file);
  const auto refusal = [&] {
    EXPECT_TRUE(files.write_checkpoint(first_checkpoint));
    const auto refused = Log::open(options, 1);
    EXPECT_TRUE(files.write_checkpoint(latest));
    EXPECT_EQ(*read_file(file), before) << "it is evidence";
    return refused ? "" : refused.error().text;
  };
  EXPECT_THAT(refusal(), HasSubstr("rotation/1 is about 1"));
  std::filesystem::remove_all(folder / "tlog" / "rotation");
  std::filesystem::create_directories(folder / "tlog" / "cosigned");
  ASSERT_TRUE(replace_file(folder / "tlog" / "cosigned" / "auditors", latest));
  EXPECT_THAT(refusal(), HasSubstr("cosigned/auditors is about"));
}

TEST_F(LogTest, AnIndexThatCannotBeOpenedIsTriedAgain) {
  std::filesystem::create_directories(folder / "index.db" / "in the way");
  const auto log = open();
  ASSERT_TRUE(log->writer(0).append(context, statement("SELECT 1")));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(log->health().indexed_sequence, 0U);
  std::filesystem::remove_all(folder / "index.db");
  EXPECT_TRUE(eventually([&] { return log->health().indexed_sequence > 0; }));
  log->close();
  EXPECT_THAT(texts(), ElementsAre("SELECT 1"));
}

/// It is written without waiting for the disk, and SQLite need not notice what it has lost.
TEST_F(LogTest, AnIndexOfBeforeAPowerFailureIsMadeAnew) {
  const auto has_mark = [&] {
    auto database = *store::Database::open(folder / "index.db");
    return database.prepare("SELECT x FROM mark").has_value();
  };
  const auto restart_with_mark = [&](bool reboot, bool closed) {
    write_ten();
    ASSERT_TRUE((*store::Database::open(folder / "index.db"))
                    .execute("CREATE TABLE IF NOT EXISTS mark (x INTEGER)"));
    ASSERT_TRUE(std::filesystem::exists(folder / "index.closed"));
    if (!closed) std::filesystem::remove(folder / "index.closed");
    if (reboot) ASSERT_TRUE(replace_file(folder / "index.boot", "another"));
    open()->close();
  };
  restart_with_mark(false, false);
  EXPECT_TRUE(has_mark()) << "a process that was killed has spoiled nothing";
  restart_with_mark(true, true);
  EXPECT_TRUE(has_mark()) << "it was on disk";
  restart_with_mark(true, false);
  EXPECT_FALSE(has_mark());
  EXPECT_EQ(texts().size(), 30U);
}

TEST_F(LogTest, WhatStandsBehindDamageIsFoundAndTheDamageSaid) {
  const auto file = write_ten();
  for (const char* name : {"index.db", "index.db-wal", "index.db-shm"})
    std::filesystem::remove(folder / name);
  EXPECT_THAT(*known_damage(folder.path()), ::testing::IsEmpty());
  flip(file, kSegmentHeader + kFrameHeader);
  const auto damage = ElementsAre(file.filename().string() + ": damaged at byte 64");
  EXPECT_EQ(texts().size(), 9U) << "without an index";
  EXPECT_THAT(*known_damage(folder.path()), damage);
  const auto log = open();
  EXPECT_TRUE(eventually([&] { return log->health().indexed_sequence >= 10; }));
  log->close();
  EXPECT_EQ(texts().size(), 9U) << "from the index";
  EXPECT_THAT(*known_damage(folder.path()), damage);
}

TEST_F(LogTest, WhatCannotBeReadIsNotTakenForLost) {
  const auto file = write_ten();
  std::filesystem::rename(file, folder / "aside");
  std::filesystem::create_symlink(file, file);
  const auto refused = Log::open(options, 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kIo);
  EXPECT_THAT(refused.error().text, HasSubstr(file.filename().string()));
  std::filesystem::rename(folder / "aside", file);
  EXPECT_EQ(texts().size(), 10U);
  EXPECT_TRUE(open());
}

TEST_F(LogTest, WithoutACheckpointThatCanBeReadNothingIsWrittenOver) {
  const auto file = write_ten();
  const std::string checkpoint = *tree_files(folder.path()).read_checkpoint();
  flip(folder / "tlog" / "checkpoint", checkpoint.find('\n') + 1);  // Its size.
  flip(file, std::filesystem::file_size(file) / 2);
  const std::string before = *read_file(file);
  const auto refused = Log::open(options, 1);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text, HasSubstr("is not what was signed"));
  EXPECT_EQ(*read_file(file), before) << "it is evidence";
}

TEST_F(LogTest, ClosesWithoutWaitingForAnIndexThatIsFarBehind) {
  constexpr int kRecords = 40'000;
  options.segment_bytes = 4UL * 1024 * 1024;
  {
    const auto log = open();
    for (int i = 0; i < kRecords; ++i) {
      std::string text = "SELECT x" + std::to_string(i);
      for (int word = 0; word < 30; ++word) text += fmt::format(" w{}_{}", i, word);
      ASSERT_TRUE(log->writer(0).append(context, statement(text)));
    }
    log->close();
  }
  for (const char* name : {"index.db", "index.db-wal", "index.db-shm"})
    std::filesystem::remove(folder / name);
  auto log = open();
  const auto began = Clock::now();
  log->close();
  const Duration closing = Clock::now() - began;
  EXPECT_LT(log->health().indexed_sequence, kRecords) << "it was as much as that";
  log = open();
  const auto opened = Clock::now();
  EXPECT_TRUE(eventually([&] { return log->health().indexed_sequence >= kRecords; }, 60'000));
  // Where the machine has other things to do, all of it takes longer.
  const Duration indexing = Clock::now() - opened;
  EXPECT_LT(closing, std::max<Duration>(std::chrono::seconds(3), indexing / 4));
  log->close();
  EXPECT_EQ(search(folder.path(), {.words = "x39999"})->size(), 1U);
  EXPECT_EQ(search(folder.path(), {.words = "x7"})->size(), 1U);
}

TEST_F(LogTest, Threat37_SegmentThatDiedBeforeItsHeaderIsInNobodysWay) {
  std::filesystem::create_directories(segments());
  // Its name is what the next segment of writer 0 would be called.
  std::ofstream(segments() / "00000000000000000001-0.seg") << std::string(4096, '\0');
  const auto log = open();
  const auto appended = log->writer(0).append(context, statement("SELECT 1"));
  ASSERT_TRUE(appended) << appended.error().text;
  EXPECT_THAT(texts(), ElementsAre("SELECT 1"));
  std::atomic<bool> stop = true;
  EXPECT_TRUE(tail(
      folder.path(), {}, [](const Record&) { return true; }, [&] { return stop.load(); }))
      << "nor in the way of those who follow";
}

/// Where it stood, what somebody adds to a complete segment would look the same.
TEST_F(LogTest, WhatACrashToreIsKeptElsewhereAndOnTheRecord) {
  leave_behind({1, 2, 3});
  const auto file = list_segments(segments())->front();
  const std::string whole = read_file(file)->substr(0, std::filesystem::file_size(file));
  const size_t end = whole.find_last_not_of('\0') + 8;
  std::fstream(file, std::ios::in | std::ios::out | std::ios::binary).seekp(static_cast<int>(end))
      << "torn";
  const auto log = open();
  const auto key = log->key();
  log->close();
  const auto kept = torn_files();
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_THAT(*read_file(kept.front()), ::testing::EndsWith("torn"));
  EXPECT_THAT(evidence(), Contains(::testing::AllOf(
                              HasSubstr("with 3 records, then "), HasSubstr("the SHA-256 "),
                              HasSubstr("kept in " + kept.front().filename().string()))));
  EXPECT_TRUE(verify_log({.audit = folder.path(), .key = key})->good());
}

TEST_F(LogTest, Threat37_SegmentThatDiedInItsFirstRecordIsInNobodysWay) {
  std::filesystem::create_directories(segments());
  const auto file = segments() / "00000000000000000001-0.seg";
  {
    ASSERT_TRUE(SegmentWriter::create(file, 0, 1, 4096));
  }
  std::filesystem::resize_file(file, 4096);
  std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
  out.seekp(kSegmentHeader + 4);
  out << "checksum and more, but no length";
  out.close();
  const auto log = open();
  const auto appended = log->writer(0).append(context, statement("SELECT 1"));
  ASSERT_TRUE(appended) << appended.error().text;
  const auto kept = torn_files();
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_THAT(*read_file(kept.front()), HasSubstr("checksum and more, but no length"));
  EXPECT_THAT(texts(), ElementsAre("SELECT 1"));
}

}  // namespace
}  // namespace sluice::audit
