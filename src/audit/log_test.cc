#include "audit/log.h"

#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "audit/record.h"
#include "audit/search.h"
#include "audit/segment.h"
#include "audit/tree_files.h"
#include "base/test_folder.h"
#include "store/database.h"

namespace sluice::audit {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

class LogTest : public ::testing::Test {
 protected:
  std::unique_ptr<Log> open(size_t writers = 1) {
    auto log = Log::open(options, writers);
    EXPECT_TRUE(log) << log.error().text;
    return log ? std::move(*log) : nullptr;
  }
  std::vector<std::string> texts() const {
    const auto found = search(folder.path(), {.type = "statement", .limit = 1'000'000});
    EXPECT_TRUE(found) << found.error().text;
    std::vector<std::string> out;
    for (const auto& record : *found) out.push_back(record.text);
    return out;
  }
  std::vector<std::string> evidence() const {
    std::vector<std::string> out;
    const auto found = search(folder.path(), {.type = "evidence", .limit = 1'000'000});
    EXPECT_TRUE(found) << found.error().text;
    for (const auto& record : *found) out.push_back(record.message);
    return out;
  }
  std::filesystem::path segments() const { return folder.path() / "log"; }
  static Event statement(std::string_view text) {
    Event event;
    event.text = text;
    event.time_micros = 1;
    return event;
  }
  /// What a killed process leaves: a segment with these records that was never sealed.
  void leave_behind(const std::vector<uint64_t>& numbers) {
    std::filesystem::create_directories(segments());
    char name[64];
    std::snprintf(name, sizeof name, "%020lu-0.seg", numbers.front());
    const size_t size = 64UL * 1024;
    std::string bytes(size, '\0');
    {
      auto writer = SegmentWriter::create(segments() / "made", 0, numbers.front(), size);
      std::string payload;
      encode_record(payload, context.bytes(), statement("before"), {});
      for (const uint64_t number : numbers) (*writer)->append(number, {}, payload);
      std::ifstream(segments() / "made", std::ios::binary)
          .read(bytes.data(), static_cast<std::streamsize>(size));
    }
    std::filesystem::remove(segments() / "made");
    std::ofstream(segments() / name, std::ios::binary) << bytes;
  }
  /// Ten records in a log that is closed; the file that they are in.
  std::filesystem::path write_ten() {
    const auto log = open();
    first_checkpoint = *tree_files(folder.path()).read_checkpoint();
    for (int i = 1; i <= 10; ++i)
      EXPECT_TRUE(log->writer(0).append(context, statement("SELECT " + std::to_string(i))));
    log->close();
    return list_segments(segments())->front();
  }
  static void flip(const std::filesystem::path& file, size_t at) {
    std::string bytes = *read_file(file);
    bytes[at] ^= 0x55;
    ASSERT_TRUE(replace_file(file, bytes));
  }
  static bool eventually(const std::function<bool()>& done, int tries = 5000) {
    for (int i = 0; i < tries; ++i) {
      if (done()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }

  /// As before the tree was signed over any record.
  void take_tree_back() const {
    std::filesystem::remove_all(folder / "tlog");
    std::filesystem::create_directories(folder / "tlog");
    ASSERT_TRUE(tree_files(folder.path()).write_checkpoint(first_checkpoint));
  }

  TestFolder folder;
  std::string first_checkpoint;
  LogOptions options{.directory = folder.path(), .segment_bytes = 64 * 1024};
  EncodedContext context{{.session_id = 1, .user = "alice"}};
};

TEST_F(LogTest, AClosedSegmentWhoseEndDidNotReachTheDiskIsNoDamage) {
  write_ten();
  // Power fails behind the header and before the data; and before the tree was signed.
  take_tree_back();
  const auto files = *list_segments(segments());
  for (const auto& file : files) {
    auto reader = SegmentReader::open(file);
    Frame frame;
    uint64_t at = 0;
    while (reader->next(frame) == SegmentReader::Status::kFrame && frame.sequence <= 7)
      at = reader->offset();
    const auto size = std::filesystem::file_size(file);
    if (read_segment_header(file)->last_sequence < 8) continue;
    std::filesystem::resize_file(file, at);
    std::filesystem::resize_file(file, size);  // Zeros.
  }
  const auto log = open();
  ASSERT_TRUE(log);
  const auto number = log->writer(0).append(context, statement("after"));
  ASSERT_TRUE(number);
  EXPECT_GT(*number, 10U) << "no number is given twice";
  ASSERT_TRUE(eventually([&] { return log->health().published_sequence >= *number; }));
  EXPECT_TRUE(log->health().writable);
  EXPECT_THAT(evidence(), Contains(HasSubstr("not whole, though closed")));
}

TEST_F(LogTest, GoesOnWhereItStopped) {
  {
    const auto log = open();
    EXPECT_EQ(log->writer(0).append(context, statement("one")), 1U);
    EXPECT_EQ(log->append_admin({}, statement("two")), 2U);
    log->close();
  }
  const auto log = open();
  EXPECT_EQ(log->health().last_sequence, 2U);
  EXPECT_EQ(log->writer(0).append(context, statement("three")), 3U);
  EXPECT_THAT(texts(), ElementsAre("one", "two", "three"));
}

TEST_F(LogTest, SecondProcessIsToldWhoHasIt) {
  const auto log = open();
  const auto second = Log::open(options, 1);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(second.error().text, HasSubstr("process " + std::to_string(getpid())));
}

TEST_F(LogTest, RotatesAndLosesNothing) {
  const auto log = open(2);
  std::vector<std::string> written;
  for (int i = 0; i < 2000; ++i) {
    written.push_back("SELECT " + std::to_string(i) + std::string(100, ' '));
    ASSERT_TRUE(log->writer(static_cast<size_t>(i % 2)).append(context, statement(written.back())));
  }
  EXPECT_GT(list_segments(segments())->size(), 4U);
  EXPECT_EQ(texts(), written) << "in order over segments and writers";
  log->close();
  EXPECT_EQ(log->health().indexed_sequence, 2000U);
  EXPECT_EQ(texts(), written) << "and from the index";
  const auto files = list_segments(segments());
  for (const auto& file : *files) {
    EXPECT_NE(read_segment_header(file)->last_sequence, 0U) << file;
  }
}

TEST_F(LogTest, RecordLargerThanASegmentGetsItsOwn) {
  options.segment_bytes = 4096;
  options.text_limit = 1 << 20;
  const auto log = open();
  const std::string large(100'000, 'x');
  ASSERT_TRUE(log->writer(0).append(context, statement("small")));
  ASSERT_TRUE(log->writer(0).append(context, statement(large)));
  ASSERT_TRUE(log->writer(0).append(context, statement("small")));
  EXPECT_THAT(texts(), ElementsAre("small", large, "small"));
}

TEST_F(LogTest, LimitsAreThoseOfTheOptions) {
  options.text_limit = 10;
  options.parameters_limit = 4;
  const auto log = open();
  Event event = statement("SELECT 1234567890");
  event.text_digest = "digest";
  event.parameters = "0123456789";
  ASSERT_TRUE(log->writer(0).append(context, event));
  const auto record = show(folder.path(), 1);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->text, "SELECT 123");
  EXPECT_EQ(record->text_digest, "digest");
  EXPECT_EQ(record->parameters, "0123");
}

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

/// The header of a segment has no checksum.
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
  EXPECT_LT(Clock::now() - began, std::chrono::seconds(3));
  EXPECT_LT(log->health().indexed_sequence, kRecords) << "it was as much as that";
  log = open();
  EXPECT_TRUE(eventually([&] { return log->health().indexed_sequence >= kRecords; }, 60'000));
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
  EXPECT_TRUE(std::filesystem::exists(file.string() + ".torn")) << "torn bytes are kept";
  EXPECT_THAT(texts(), ElementsAre("SELECT 1"));
}

TEST_F(LogTest, SignsStatementsWithTheKeyOfItsCheckpoints) {
  const auto log = open();
  const auto before = log->sign("a statement");
  ASSERT_TRUE(before) << before.error().text;
  EXPECT_EQ(before->key, log->key());
  EXPECT_EQ(before->key.name, log->origin());
  EXPECT_TRUE(tlog::verifies(before->key.public_key, "a statement", before->signature));
  EXPECT_FALSE(tlog::verifies(before->key.public_key, "another", before->signature));
  const auto next = log->rotate_key();
  ASSERT_TRUE(next) << next.error().text;
  const auto after = log->sign("a statement");
  ASSERT_TRUE(after) << after.error().text;
  EXPECT_EQ(after->key, *next);
  EXPECT_TRUE(tlog::verifies(next->public_key, "a statement", after->signature));
  EXPECT_FALSE(tlog::verifies(before->key.public_key, "a statement", after->signature));
}

TEST_F(LogTest, Threat38_FullDiskRefusesSaysSoAndRecovers) {
  const auto log = open();
  ASSERT_TRUE(log->writer(0).append(context, statement("before")));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 1024;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  // More than the current segment has room for.
  Result<> room = log->writer(0).reserve(60'000);
  for (int i = 0; room && i < 10; ++i) room = log->writer(0).reserve(100'000);
  const auto health = log->health();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(room);
  EXPECT_EQ(room.error().code, ErrorCode::kIo);
  EXPECT_FALSE(health.writable);
  EXPECT_THAT(health.problem, HasSubstr("no room for the audit log"));
  EXPECT_TRUE(log->writer(0).append(context, statement("fits in what was set aside")));
  EXPECT_TRUE(log->writer(0).reserve(100'000));
  EXPECT_TRUE(log->health().writable);
  EXPECT_THAT(texts(), ElementsAre("before", "fits in what was set aside"));
}

TEST_F(LogTest, ProcessDurabilityNeverMakesAnybodyWait) {
  const auto log = open();
  EXPECT_EQ(log->writer(0).durable_sequence(), UINT64_MAX);
}

TEST_F(LogTest, DiskDurabilityFollowsAndCallsBack) {
  options.durability = Durability::kDisk;
  const auto log = open(2);
  std::atomic<int> called = 0;
  log->on_durable(1, [&] { ++called; });
  EXPECT_EQ(log->writer(1).durable_sequence(), 0U);
  uint64_t last = 0;
  for (int i = 0; i < 50; ++i) last = *log->writer(1).append(context, statement("x"));
  log->writer(1).bring_to_disk();
  EXPECT_TRUE(eventually([&] { return log->writer(1).durable_sequence() >= last; }));
  EXPECT_TRUE(eventually([&] { return called > 0; }));
  EXPECT_LE(log->writer(1).durable_sequence(), last);
  EXPECT_EQ(log->writer(0).durable_sequence(), 0U) << "each writer for itself";
  log->close();
  EXPECT_EQ(texts().size(), 50U);
}

TEST_F(LogTest, DiskDurabilityOfARecordDoesNotWaitForTheNextSegmentsFirst) {
  options.durability = Durability::kDisk;
  options.segment_bytes = 4096;
  const auto log = open();
  std::atomic<uint64_t> seen = 0;
  log->on_durable(0, [&] { seen = log->writer(0).durable_sequence(); });
  for (int round = 0; round < 100; ++round) {
    const uint64_t last = *log->writer(0).append(context, statement(std::string(1500, 'x')));
    log->writer(0).bring_to_disk();
    // A statement that will be long in the making reserves its room: no append follows.
    ASSERT_TRUE(log->writer(0).reserve(4096));
    ASSERT_TRUE(eventually([&] { return log->writer(0).durable_sequence() >= last; })) << round;
    ASSERT_TRUE(eventually([&] { return seen >= last; })) << round;
  }
}

TEST_F(LogTest, WritersOnManyThreadsShareOneNumbering) {
  options.segment_bytes = 16 * 1024;
  const auto log = open(4);
  std::vector<std::thread> threads;
  for (size_t w = 0; w < 4; ++w) {
    threads.emplace_back([&, w] {
      uint64_t before = 0;
      for (int i = 0; i < 1000; ++i) {
        const auto sequence = log->writer(w).append(context, statement("SELECT 1"));
        ASSERT_TRUE(sequence);
        ASSERT_GT(*sequence, before);
        before = *sequence;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const auto found = search(folder.path(), {.limit = 10'000});
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 4000U);
  for (size_t i = 0; i < found->size(); ++i) ASSERT_EQ((*found)[i].sequence, i + 1);
}

}  // namespace
}  // namespace sluice::audit
