#include "audit/upkeep.h"

#include <atomic>
#include <fstream>
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/log.h"
#include "audit/rewrite.h"
#include "audit/segment.h"
#include "base/clock.h"
#include "base/test_folder.h"

namespace sluice::audit {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// A closed log of several segments, and what is told of it.
class UpkeepTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto log = Log::open({.directory = folder.path(), .segment_bytes = 64 * 1024}, 1);
    ASSERT_TRUE(log) << log.error().text;
    const std::string text(2000, 'x');
    for (int i = 0; i < 100; ++i) {
      Event event;
      event.time_micros = 1;
      event.text = text;
      ASSERT_TRUE((*log)->writer(0).append(EncodedContext(SessionContext{}), event));
    }
    (*log)->close();
    segments = *list_segments(folder / "log");
    ASSERT_GT(segments.size(), 2U);
    last = read_segment_header(segments[1])->last_sequence;
  }

  Upkeep::Callbacks callbacks() {
    return {[this] { return published.load(); },
            [this]() -> Result<std::vector<LegalHold>> {
              if (no_holds) return fail(ErrorCode::kUnavailable, "the store is away");
              return std::vector<LegalHold>();
            },
            [this](const std::string&) {
              ++told;
              return Result<>();
            }};
  }

  size_t archived() const {
    size_t count = 0;
    for (const auto& file : segments) count += std::filesystem::exists(archive_path(file)) ? 1 : 0;
    return count;
  }

  TestFolder folder;
  std::vector<std::filesystem::path> segments;
  uint64_t last = 0;  ///< record of the second segment
  std::atomic<uint64_t> published{0};
  std::atomic<int> told{0};
  std::atomic<bool> no_holds{false};
};

TEST_F(UpkeepTest, ArchivesWhatACheckpointCovers) {
  published = last;
  Upkeep upkeep(folder.path(), {Duration(0), {}}, callbacks());
  for (int i = 0; i < 1000 && archived() < 2; ++i) {
    // Asked from another thread meanwhile, as the gateway does.
    upkeep.reload({Duration(0), {}});
    EXPECT_TRUE(upkeep.retain(true));
    std::this_thread::sleep_for(50ms);
  }
  EXPECT_EQ(archived(), 2U);
  EXPECT_FALSE(std::filesystem::exists(segments[0]));
  EXPECT_TRUE(std::filesystem::exists(segments[2])) << "no checkpoint covers it";
}

TEST_F(UpkeepTest, WhereTheHoldsAreNotKnownNothingGoes) {
  published = UINT64_MAX;
  no_holds = true;
  Upkeep upkeep(folder.path(), {std::nullopt, {{"all", {}, 1}}}, callbacks());
  const auto refused = upkeep.retain(false);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text, HasSubstr("the store is away"));
  EXPECT_EQ(told, 0);
  no_holds = false;
  EXPECT_GT(upkeep.retain(false)->at("all").due, 50U);
  EXPECT_GT(told, 0);
  EXPECT_EQ(upkeep.retain(false)->at("all").due, 0U) << "it is gone";
  EXPECT_EQ(archived(), 0U) << "never means never";
}

TEST_F(UpkeepTest, NobodyWaitsForARun) {
  published = UINT64_MAX;
  std::promise<void> go;
  const auto gone = go.get_future().share();
  auto with = callbacks();
  std::atomic<int> settling{0};
  with.settle = [&] {
    ++settling;
    gone.wait();
    return Result<>();
  };
  const Upkeep::Options options{std::nullopt, {{"all", {}, 1}}};
  Upkeep upkeep(folder.path(), options, with);
  auto run = std::async(std::launch::async, [&] { return upkeep.retain(false); });
  while (settling == 0) std::this_thread::sleep_for(1ms);
  // As SIGHUP does, on the main loop.
  auto reload = std::async(std::launch::async, [&] { upkeep.reload({std::nullopt, {}}); });
  EXPECT_EQ(reload.wait_for(2s), std::future_status::ready);
  auto stop = std::async(std::launch::async, [&] { upkeep.stop(); });
  std::this_thread::sleep_for(50ms);
  go.set_value();
  stop.wait();
  const auto counts = run.get();
  ASSERT_FALSE(counts);
  EXPECT_THAT(counts.error().text, HasSubstr("is being stopped"));
  EXPECT_EQ(told, 1) << "the segment that was under way";
}

TEST_F(UpkeepTest, ErasesAtItsTimeOfDay) {
  published = UINT64_MAX;
  const auto retained = folder / "retained";
  const auto minute = (wall_micros() / 60'000'000 + 24 * 60 - 60) % (24 * 60);
  Upkeep upkeep(folder.path(), {std::nullopt, {{"all", {}, 1}}, static_cast<int>(minute)},
                callbacks());
  for (int i = 0; i < 400 && !std::filesystem::exists(retained); ++i)
    std::this_thread::sleep_for(50ms);
  ASSERT_TRUE(std::filesystem::exists(retained));
  EXPECT_EQ(told, 0) << "its time is over for today";
  // As if it had last run two hours ago: before its time of today.
  std::filesystem::last_write_time(retained, std::filesystem::file_time_type::clock::now() - 2h);
  for (int i = 0; i < 400 && told == 0; ++i) std::this_thread::sleep_for(50ms);
  EXPECT_GT(told, 0);
}

TEST_F(UpkeepTest, NoWordOfAnErasureThatIsRefusedStands) {
  std::vector<std::string> words;
  std::vector<LegalHold> holds;
  bool is_signed = true, hold_meanwhile = false;
  auto with = callbacks();
  with.tell = [&](const std::string& message) {
    words.push_back(message);
    return Result<>();
  };
  with.holds = [&] { return Result<std::vector<LegalHold>>(holds); };
  with.settle = [&]() -> Result<> {
    if (hold_meanwhile) holds = {{"case", {}}};
    return is_signed ? Result<>() : fail(ErrorCode::kUnavailable, "not signed");
  };
  Upkeep upkeep(folder.path(), {std::nullopt, {}}, with);
  const auto refused = [&] {
    words.clear();
    EXPECT_FALSE(upkeep.erase({1, 2}, "request 17", "dora"));
    ErasureWords all;
    uint64_t number = 0;
    for (const auto& word : words) all.add(++number, word);
    EXPECT_THAT(all.standing(), ::testing::IsEmpty());
    return words.size();
  };
  is_signed = false;
  EXPECT_EQ(refused(), 2U) << "told, and taken back";
  is_signed = hold_meanwhile = true;
  EXPECT_EQ(refused(), 2U);
  EXPECT_THAT(words.back(), HasSubstr("not erased: records 1 to 2: record 1 is kept"));
  EXPECT_EQ(refused(), 1U) << "the hold is known by now";
  EXPECT_THAT(words.back(), HasSubstr("refused to erase records 1 to 2: record 1 is kept"));
  EXPECT_THAT(words.back(), HasSubstr("; asked for: request 17, by dora"));
  holds.clear();
  hold_meanwhile = false;
  EXPECT_EQ(upkeep.erase({1, 2}, "request 17", "dora"), ErasedCount{2});
}

TEST_F(UpkeepTest, WhatACrashHasTornGoesWithTheRecordsThatItStoodBehind) {
  std::vector<std::string> words;
  std::vector<LegalHold> holds;
  auto with = callbacks();
  with.tell = [&](const std::string& message) {
    words.push_back(message);
    return Result<>();
  };
  with.holds = [&] { return Result<std::vector<LegalHold>>(holds); };
  Upkeep upkeep(folder.path(), {std::nullopt, {}}, with);
  const auto torn = segments[1].string() + ".0123456789abcdef.torn";
  const auto alone = (folder / "log" / segment_name(5000, 0)).string() + ".00.torn";
  std::ofstream(torn) << "mrs. smith";
  std::ofstream(alone) << "of a segment that had nothing else";
  const auto erase = [&](uint64_t first, uint64_t end) {
    words.clear();
    EXPECT_TRUE(upkeep.erase({first, end}, "request 17", "dora"));
  };
  erase(1, last - 1);
  EXPECT_TRUE(std::filesystem::exists(torn));
  holds = {{"case", {.user = "carol"}}};
  erase(last, last);
  EXPECT_TRUE(std::filesystem::exists(torn));
  EXPECT_THAT(words.back(), HasSubstr("not removed: " + segments[1].filename().string()));
  EXPECT_THAT(words.back(), HasSubstr("a legal hold is in force"));
  holds.clear();
  erase(last, last);
  EXPECT_FALSE(std::filesystem::exists(torn));
  EXPECT_THAT(words.back(), HasSubstr("10 bytes that a crash tore: request 17, by dora"));
  EXPECT_TRUE(std::filesystem::exists(alone));
  erase(5000, 5000);
  EXPECT_FALSE(std::filesystem::exists(alone));
}

TEST(UpkeepCallbacks, WaitUntilWhatWasToldIsSigned) {
  TestFolder folder;
  auto log = Log::open({.directory = folder.path()}, 1);
  ASSERT_TRUE(log);
  const auto callbacks = Upkeep::callbacks_of(
      **log, [] { return Result<std::vector<LegalHold>>(std::vector<LegalHold>()); });
  ASSERT_TRUE(callbacks.tell("erased: records 1 to 1: test"));
  const uint64_t last = (*log)->health().last_sequence;
  ASSERT_TRUE(callbacks.settle());
  EXPECT_GE((*log)->health().published_sequence, last);
  (*log)->close();
}

}  // namespace
}  // namespace sluice::audit
