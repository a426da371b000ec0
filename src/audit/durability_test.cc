#include <algorithm>
#include <atomic>
#include <fstream>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/log.h"
#include "audit/segment.h"
#include "audit/sequencer.h"
#include "audit/tree_files.h"
#include "audit/tree_keeper.h"
#include "audit/verify.h"
#include "base/test_folder.h"
#include "base/test_syncs.h"

namespace sluice::audit {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::SizeIs;

std::unique_ptr<SegmentWriter> begun(const std::filesystem::path& folder, uint64_t first) {
  std::filesystem::create_directories(folder);
  auto segment = *SegmentWriter::create(folder / "next-0.tmp", 0, 0, 1 << 16);
  EXPECT_TRUE(segment->begin(folder / segment_name(first, 0), first));
  return segment;
}

TEST(Durability, Threat107_NoStatementIsAnsweredForInASegmentWithoutAName) {
  const TestFolder folder;
  const auto log = *Log::open({.directory = folder.path(), .durability = Durability::kDisk}, 1);
  Event event;
  event.time_micros = 1;
  Syncs::take();
  ASSERT_TRUE(log->writer(0).reserve(100));
  EXPECT_THAT(Syncs::take(), Contains(folder / "log"));
  ASSERT_TRUE(log->writer(0).append(EncodedContext({.user = "alice"}), event));
  log->close();
}

/// Many records, one sync: when all that is at hand is written, and not when the first is.
TEST(Durability, RecordsAreBroughtToDiskTogether) {
  const TestFolder folder;
  const auto log = *Log::open({.directory = folder.path(), .durability = Durability::kDisk}, 1);
  auto& writer = log->writer(0);
  std::vector<uint64_t> told;
  std::mutex mutex;
  log->on_durable(0, [&] {
    const std::lock_guard lock(mutex);
    told.push_back(writer.durable_sequence());
  });
  Event event;
  event.time_micros = 1;
  uint64_t last = 0;
  for (int i = 0; i < 100; ++i) last = *writer.append(EncodedContext({.user = "alice"}), event);
  writer.bring_to_disk();
  for (int i = 0; i < 5000 && writer.durable_sequence() < last; ++i) usleep(1000);
  EXPECT_EQ(writer.durable_sequence(), last);
  log->close();
  EXPECT_THAT(told, ElementsAre(last));
}

/// Nobody waits for these, and nobody need ask.
TEST(Durability, RecordsOfAdministratorsAreBroughtToDiskByThemselves) {
  const TestFolder folder;
  const auto log = *Log::open({.directory = folder.path(), .durability = Durability::kDisk}, 1);
  std::atomic<uint64_t> told{0};
  log->on_durable(1, [&] { told = log->writer(1).durable_sequence(); });
  Event event;
  event.time_micros = 1;
  const uint64_t sequence = *log->append_admin({.user = "root"}, event);
  for (int i = 0; i < 5000 && told < sequence; ++i) usleep(1000);
  EXPECT_EQ(told, sequence);
  log->close();
}

TEST(Durability, Threat107_NothingIsSignedThatIsInASegmentWithoutAName) {
  const TestFolder folder;
  const auto segment = begun(folder / "log", 1);
  auto sequencer = std::move(*Sequencer::open(folder.path(), "example.com/log",
                                              std::move(*tlog::create_key(folder / "key")), 0));
  std::vector<std::filesystem::path> synced;
  sequencer->sync_by([&](const auto& file) {
    synced.push_back(file);
    return Result<>();
  });
  const auto publish = [&](uint64_t number) {
    segment->append(number, {}, "record");
    EXPECT_EQ(*sequencer->advance(10), 1U);
    synced.clear();
    EXPECT_TRUE(sequencer->publish());
    return std::count(synced.begin(), synced.end(), folder / "log");
  };
  EXPECT_EQ(publish(1), 1);
  EXPECT_EQ(publish(2), 0) << "once for each segment";
}

/// The power failed when the records were on disk, and the segment's name was not.
TEST(Durability, Threat107_RecordsWithoutTheirSegmentsNameAreFoundAgain) {
  const TestFolder folder;
  tlog::VerifierKey key;
  {
    const auto log = *Log::open({.directory = folder.path()}, 1);
    key = log->key();
    Event event;
    event.time_micros = 1;
    for (int i = 0; i < 5; ++i)
      ASSERT_TRUE(log->writer(0).append(EncodedContext({.user = "alice"}), event));
    log->close();
  }
  const auto file = list_segments(folder / "log")->front();
  std::filesystem::rename(file, folder / "log" / "next-0.tmp");
  // A spare that nothing was written to stays one.
  {
    const auto spare = SegmentWriter::create(folder / "log" / "next-1.tmp", 1, 0, 1 << 16);
  }
  const auto log = Log::open({.directory = folder.path()}, 1);
  ASSERT_TRUE(log) << log.error().text;
  EXPECT_TRUE(std::filesystem::exists(file));
  (*log)->close();
  const auto report = verify_log({.audit = folder.path(), .key = key});
  EXPECT_TRUE(report && report->good());
  EXPECT_EQ(report->lost, 0U);
}

/// What was lost is said by a record that the very checkpoint covers which tells of the loss.
TEST(Durability, Threat107_WhatWasLostIsSaidBeforeItIsSigned) {
  const TestFolder folder;
  const auto segment = begun(folder / "log", 1);
  segment->append(1, {}, "one");
  segment->append(3, {}, "three");
  auto sequencer = std::move(*Sequencer::open(folder.path(), "example.com/log",
                                              std::move(*tlog::create_key(folder / "key")), 3));
  std::atomic<uint64_t> signed_then{99};
  TreeKeeper keeper(std::move(sequencer), std::chrono::milliseconds(1),
                    {[](const auto&) {},
                     [&](const std::vector<uint64_t>& numbers) {
                       EXPECT_THAT(numbers, ElementsAre(2));
                       const auto note =
                           tlog::parse_note(*tree_files(folder.path()).read_checkpoint());
                       signed_then = tlog::parse_checkpoint(note->text)->size;
                       segment->append(4, {}, "lost: record 2");
                       return Result<>();
                     },
                     [] {}});
  std::atomic<uint64_t> first_head{0};
  keeper.when_published(1, [&](bool) { first_head = keeper.published(); });
  for (int i = 0; i < 5000 && first_head == 0; ++i) usleep(1000);
  EXPECT_EQ(signed_then, 0U);
  EXPECT_EQ(first_head, 4U);
  keeper.stop();
}

/// Nor is anything signed where that cannot be said.
TEST(Durability, Threat107_WhatWasLostIsNotSignedBeforeItIsSaid) {
  const TestFolder folder;
  const auto segment = begun(folder / "log", 1);
  segment->append(1, {}, "one");
  segment->append(3, {}, "three");
  auto sequencer = std::move(*Sequencer::open(folder.path(), "example.com/log",
                                              std::move(*tlog::create_key(folder / "key")), 3));
  std::atomic<bool> full{true};
  std::atomic<int> refused{0}, problems{0};
  TreeKeeper keeper(std::move(sequencer), std::chrono::milliseconds(1),
                    {[&](const std::string& problem) { problems += problem.empty() ? 0 : 1; },
                     [&](const std::vector<uint64_t>& numbers) -> Result<> {
                       EXPECT_THAT(numbers, ElementsAre(2));
                       if (full) {
                         ++refused;
                         return fail(ErrorCode::kIo, "no room");
                       }
                       segment->append(4, {}, "lost: record 2");
                       return {};
                     },
                     [] {}});
  for (int i = 0; i < 5000 && refused < 3; ++i) usleep(1000);
  EXPECT_GE(refused, 3) << "it is tried again";
  EXPECT_GT(problems, 0);
  EXPECT_EQ(keeper.published(), 0U);
  full = false;
  for (int i = 0; i < 5000 && keeper.published() < 4; ++i) usleep(1000);
  EXPECT_EQ(keeper.published(), 4U);
  keeper.stop();
}

}  // namespace
}  // namespace sluice::audit
