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

#include "audit/log_fixture.h"
#include "audit/record.h"
#include "audit/search.h"
#include "audit/segment.h"
#include "audit/tree_files.h"
#include "base/test_folder.h"
#include "store/database.h"

namespace sluice::audit {
namespace {

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

/// Only what is complete is archived and erased.
TEST_F(LogTest, WhatNobodyWritesToAnyMoreIsCompletedAllTheSame) {
  options.longest_open = std::chrono::milliseconds(300);
  const auto log = open();
  ASSERT_TRUE(log->writer(0).append(context, statement("the last one for months")));
  ASSERT_TRUE(log->append_admin({}, statement("nor does anybody log in")));
  const auto complete = [&] {
    size_t count = 0;
    const auto files = list_segments(segments());
    for (const auto& file : *files) count += read_segment_header(file)->last_sequence == 0 ? 0 : 1;
    return count;
  };
  log->writer(0).turn_over();
  EXPECT_EQ(complete(), 0U) << "it is not for long that they have been open";
  EXPECT_TRUE(eventually([&] {
    log->writer(0).turn_over();
    return complete() == 2;
  }));
  const auto files = list_segments(segments());
  std::this_thread::sleep_for(options.longest_open * 2);
  log->writer(0).turn_over();
  EXPECT_EQ(*list_segments(segments()), *files) << "nothing is begun anew for nothing";
  EXPECT_EQ(*log->writer(0).append(context, statement("after")), 3U);
  EXPECT_THAT(texts(), ElementsAre("the last one for months", "nor does anybody log in", "after"));
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

/// It is that record by which the last checkpoint covers more than the one before.
TEST_F(LogTest, ACloseWithoutRoomForItsOwnRecordSaysThatThereIsNone) {
  const auto log = open();
  ASSERT_TRUE(log->writer(0).append(context, statement("one")));
  ASSERT_TRUE(eventually([&] { return log->health().published_sequence == 1; }));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 16UL * 1024;
  ::testing::internal::CaptureStdout();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  log->close();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  const std::string told = ::testing::internal::GetCapturedStdout();
  EXPECT_THAT(told, HasSubstr("audit log: not closed: "));
  EXPECT_THAT(told, ::testing::Not(HasSubstr("has not grown")));
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
