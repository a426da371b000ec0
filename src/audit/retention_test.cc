#include "audit/retention.h"

#include <csignal>
#include <fstream>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include "audit/erasing.h"
#include "audit/legal_holds.h"
#include "audit/log.h"
#include "audit/rewrite.h"
#include "audit/search.h"
#include "audit/segment.h"
#include "audit/torn_files.h"
#include "audit/verify.h"
#include "base/test_folder.h"
#include "store/state.h"

namespace sluice::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kDay = 86'400'000'000;

std::vector<RetentionRule> rules(const std::vector<config::RetentionConfig>& configured) {
  auto rules = retention_rules(configured);
  EXPECT_TRUE(rules) << rules.error().text;
  return std::move(*rules);
}

/// A log of statements, one a day from day 1, of two users, all in complete segments.
class RetentionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    write(20, 1);
    retention.set_rules(rules({{"alice", std::chrono::hours(24 * 5), {{"user", "alice"}}},
                               {"ever", std::nullopt, {{"rule", "keep-me"}}},
                               {"rest", std::chrono::hours(24 * 10), {}}}));
  }

  void write(int records, int first_day) {
    auto log = Log::open({.directory = folder.path(), .segment_bytes = 64 * 1024}, 1);
    ASSERT_TRUE(log) << log.error().text;
    for (int i = 0; i < records; ++i) {
      SessionContext context;
      context.user = i % 2 == 0 ? "alice" : "bob";
      Event event;
      event.time_micros = (first_day + i) * kDay;
      const std::string text = "SELECT " + std::to_string(first_day + i);
      event.text = text;
      event.rule = i == 3 ? "keep-me" : "r";
      EXPECT_TRUE((*log)->writer(0).append(EncodedContext(context), event));
    }
    key = (*log)->key();
    (*log)->close();
  }

  /// Records what is told as the gateway does, and erases.
  Retention::Counts run(int64_t day, std::vector<LegalHold> holds = {}) {
    auto counts = retention.run(day * kDay, UINT64_MAX, holds, [&](const std::string& message) {
      told.push_back(message);
      return Result<>();
    });
    EXPECT_TRUE(counts) << counts.error().text;
    if (!told.empty()) {
      auto log = Log::open({.directory = folder.path()}, 1);
      for (const auto& message : told) {
        Event event;
        event.type = EventType::kEvidence;
        event.time_micros = day * kDay;
        event.message = message;
        EXPECT_TRUE((*log)->append_admin({}, event));
      }
      (*log)->close();
    }
    return counts ? *counts : Retention::Counts();
  }

  std::vector<std::string> left() {
    std::vector<std::string> out;
    const auto files = *list_segments(folder / "log");
    for (const auto& file : files) {
      auto reader = SegmentReader::open(file);
      Frame frame;
      while (reader->next(frame) == SegmentReader::Status::kFrame) {
        const auto record = read_record(frame.payload);
        if (!frame.erased && record && record->type == EventType::kStatement)
          out.emplace_back(record->text.substr(7));
      }
    }
    return out;
  }

  TestFolder folder;
  Retention retention{folder.path()};
  std::vector<std::string> told;
  tlog::VerifierKey key;
};

/// It may hold words of a statement, and nothing tells whose.
TEST_F(RetentionTest, TakesWhatACrashHasTornByTheShortestRule) {
  const auto segment = list_segments(folder / "log")->back();
  const auto torn = segment.string() + ".0123456789abcdef.torn";
  std::ofstream(torn) << "mrs. smith, 12 main st";
  const auto written = std::filesystem::last_write_time(torn);
  const int64_t kept = list_torn(folder / "log")->front().kept_micros;
  const auto run_at = [&](int64_t now, std::vector<LegalHold> holds, bool trial) {
    const auto counts = retention.run(
        now, UINT64_MAX, holds, trial ? Retention::Tell() : [&](const std::string& message) {
          told.push_back(message);
          return Result<>();
        });
    EXPECT_TRUE(counts) << counts.error().text;
    return counts->at("alice");
  };
  (void)run_at(kept, {}, false);  // All records are gone by then.
  told.clear();
  EXPECT_EQ(run_at(kept + 5 * kDay - 1, {}, false).torn, 0U);
  const auto due = run_at(kept + 5 * kDay, {}, true);
  EXPECT_EQ(due.torn, 1U);
  EXPECT_EQ(due.due, 0U) << "it is no record";
  const auto held = run_at(kept + 5 * kDay, {{"case", {.user = "carol"}}}, false);
  EXPECT_EQ(held.torn_held, 1U);
  EXPECT_EQ(held.held, 0U);
  EXPECT_EQ(std::filesystem::last_write_time(torn), written);
  EXPECT_THAT(told, IsEmpty());
  // Who reads it still has the file open; what is gone is gone for them, too.
  std::ifstream open(torn);
  EXPECT_EQ(run_at(kept + 5 * kDay, {}, false).torn, 1U);
  EXPECT_FALSE(std::filesystem::exists(torn));
  std::string rest;
  std::getline(open, rest);
  EXPECT_EQ(rest, std::string(22, '\0'));
  EXPECT_THAT(told, ElementsAre("removed: " + std::filesystem::path(torn).filename().string() +
                                ", 22 bytes that a crash tore: retention rule \"alice\""));
  EXPECT_THAT(parse_erasure(told.front()), IsEmpty());
}

TEST_F(RetentionTest, TakesWhatIsOverByTheFirstRuleThatFits) {
  const auto counts = run(16);
  // Of alice's (days 1, 3, …, 19) all up to day 11, of bob's (2, 4, …, 20) all up to day 6 but the
  // one that another rule keeps for ever.
  EXPECT_EQ(counts.at("alice").due, 6U);
  EXPECT_EQ(counts.at("rest").due, 2U);
  EXPECT_EQ(counts.at("ever").keep, "forever");
  EXPECT_EQ(counts.at("alice").keep, "5d");
  EXPECT_THAT(left(),
              ElementsAre("4", "8", "10", "12", "13", "14", "15", "16", "17", "18", "19", "20"));
  EXPECT_THAT(told, ElementsAre("erased: records 1 to 1, 3 to 3, 5 to 5, 7 to 7, 9 to 9, 11 to 11: "
                                "retention rule \"alice\"",
                                "erased: records 2 to 2, 6 to 6: retention rule \"rest\""));
}

TEST_F(RetentionTest, WhatIsLeftIsStillProvenAndWhatIsGoneExplained) {
  run(16);
  VerifyOptions options;
  options.audit = folder.path();
  options.key = key;
  const auto report = verify_log(options);
  ASSERT_TRUE(report) << report.error().text;
  EXPECT_TRUE(report->good());
  EXPECT_EQ(report->erased, 8U);
}

TEST_F(RetentionTest, NothingOfItIsFoundAnyMore) {
  ASSERT_EQ(search(folder.path(), {.text = "SELECT 11"})->size(), 1U);
  run(16);
  auto log = Log::open({.directory = folder.path()}, 1);  // Makes the index anew.
  (*log)->close();
  EXPECT_THAT(*search(folder.path(), {.text = "SELECT 11"}), IsEmpty());
  EXPECT_EQ(search(folder.path(), {.text = "SELECT 12"})->size(), 1U);
}

TEST_F(RetentionTest, SoManyRangesAsASegmentMayHaveAreExplained) {
  write(400, 101);
  retention.set_rules(rules({{"alice", std::chrono::hours(24 * 5), {{"user", "alice"}}}}));
  EXPECT_EQ(run(1000).at("alice").due, 210U);
  const auto report = verify_log({.audit = folder.path(), .key = key});
  ASSERT_TRUE(report) << report.error().text;
  EXPECT_TRUE(report->good()) << report->findings.front().text;
  EXPECT_EQ(report->erased, 210U);
}

/// What is being erased stays noted until it is erased.
TEST_F(RetentionTest, WhatIsHalfErasedIsFinishedLater) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 1024;  // The note has room, and the last of the frames has not.
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto done =
      retention.run(1000 * kDay, UINT64_MAX, {}, [](const auto&) { return Result<>(); });
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_FALSE(done);
  EXPECT_FALSE(left().empty());
  EXPECT_FALSE(being_erased(folder.path())->empty());
  ASSERT_TRUE(resume_erasing(folder.path(), true));
  EXPECT_THAT(left(), ElementsAre("4"));
}

TEST_F(RetentionTest, LegalHoldsKeepWhatTheyNameUntilTheyAreReleased) {
  Query alice;
  alice.user = "alice";
  alice.until_micros = 4 * kDay;
  const auto counts = run(16, {{"case", alice}});
  EXPECT_EQ(counts.at("alice").held, 2U);
  EXPECT_EQ(counts.at("alice").due, 4U);
  EXPECT_THAT(left(), ::testing::IsSupersetOf({"1", "3"}));
  EXPECT_EQ(run(16).at("alice").due, 2U);
  EXPECT_THAT(left(), ::testing::Not(::testing::Contains("1")));
}

TEST_F(RetentionTest, ATrialOnlyCounts) {
  const auto before = left();
  for (int i = 0; i < 2; ++i) {
    const auto counts = retention.run(16 * kDay, UINT64_MAX, {}, {});
    ASSERT_TRUE(counts);
    EXPECT_EQ(counts->at("alice").due, 6U);
  }
  EXPECT_EQ(left(), before);
  EXPECT_EQ(run(16).at("alice").due, 6U);
}

TEST_F(RetentionTest, WhatCannotBeToldIsNotErased) {
  const auto before = left();
  const auto counts = retention.run(16 * kDay, UINT64_MAX, {}, [](const std::string&) {
    return Result<>(fail(ErrorCode::kIo, "the disk is full"));
  });
  EXPECT_FALSE(counts);
  EXPECT_EQ(left(), before);
}

TEST_F(RetentionTest, WhatNoCheckpointCoversStays) {
  const auto before = left();
  const auto counts =
      retention.run(16 * kDay, 19, {}, [](const std::string&) { return Result<>(); });
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->at("alice").due, 0U);
  EXPECT_EQ(left(), before);
}

TEST_F(RetentionTest, TakesFromArchivesToo) {
  const auto files = *list_segments(folder / "log");
  for (const auto& file : files) {
    if (read_segment_header(file)->last_sequence != 0) ASSERT_TRUE(archive_segment(file));
  }
  EXPECT_EQ(run(16).at("alice").due, 6U);
  EXPECT_THAT(left(), ::testing::Not(::testing::Contains("11")));
  EXPECT_THAT(left(), ::testing::Contains("12"));
}

TEST_F(RetentionTest, ADamagedSegmentStopsNoneOfTheOthers) {
  write(20, 101);
  const auto files = *list_segments(folder / "log");
  for (const auto& file : files) ASSERT_TRUE(archive_segment(file));
  // The table of the first one, at its end.
  const auto damaged = archive_path(files.front());
  std::filesystem::resize_file(damaged, std::filesystem::file_size(damaged) - 5);
  size_t messages = 0;
  const auto run = retention.run(1000 * kDay, UINT64_MAX, {}, [&](const std::string&) {
    ++messages;
    return Result<>();
  });
  ASSERT_FALSE(run);
  EXPECT_THAT(run.error().text, HasSubstr("1 segment(s) of the audit log are left as they are, all "
                                          "others are done"));
  EXPECT_THAT(run.error().text, HasSubstr(files.front().filename().string()));
  EXPECT_GT(messages, 0U);
  size_t erased = 0;
  auto reader = SegmentReader::open(files.back());
  Frame frame;
  while (reader->next(frame) == SegmentReader::Status::kFrame) erased += frame.erased ? 1 : 0;
  EXPECT_EQ(erased, 19U) << "all but the one that is kept for ever";
}

TEST_F(RetentionTest, ADamagedRecordIsNotPassedOverInSilence) {
  const auto file = list_segments(folder / "log")->front();
  {
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(static_cast<std::streamoff>(std::filesystem::file_size(file) / 2));
    bytes.write("\x5a\x5a\x5a\x5a", 4);
  }
  const auto run = retention.run(16 * kDay, UINT64_MAX, {}, [](const auto&) { return Result<>(); });
  ASSERT_FALSE(run);
  EXPECT_THAT(run.error().text, HasSubstr("damaged at byte"));
  const auto erased = erase_records(folder.path(), {1, 1000}, {});
  ASSERT_FALSE(erased);
  EXPECT_THAT(erased.error().text, HasSubstr("damaged at byte"));
  EXPECT_EQ(erase_records(folder.path(), {1, 1}, {}), ErasedCount{1})
      << "what stands before it can go";
  EXPECT_THAT(left(), ::testing::Not(::testing::Contains("1")));
}

TEST_F(RetentionTest, AHoldThatIsSetMeanwhileIsHeeded) {
  std::vector<LegalHold> holds;
  retention.set_holds([&] { return Result<std::vector<LegalHold>>(holds); });
  retention.set_settle([&] {
    holds = {{"lawsuit", {.user = "alice"}}};
    return Result<>();
  });
  const auto before = left();
  const auto run = retention.run(16 * kDay, UINT64_MAX, {}, [](const auto&) { return Result<>(); });
  ASSERT_FALSE(run);
  EXPECT_THAT(run.error().text, HasSubstr("legal hold"));
  EXPECT_EQ(left(), before);
}

TEST_F(RetentionTest, AHoldThatIsSetMeanwhileMakesNoMoreFalseWords) {
  write(20, 101);
  write(20, 201);
  ASSERT_GE(list_segments(folder / "log")->size(), 3U);
  std::vector<LegalHold> holds;
  retention.set_holds([&] { return Result<std::vector<LegalHold>>(holds); });
  retention.set_settle([&] {
    holds = {{"lawsuit", {}}};
    return Result<>();
  });
  const auto before = left();
  const auto run = retention.run(1000 * kDay, UINT64_MAX, {}, [&](const std::string& message) {
    told.push_back(message);
    return Result<>();
  });
  ASSERT_FALSE(run);
  EXPECT_THAT(run.error().text, HasSubstr("legal hold"));
  EXPECT_EQ(left(), before);
  EXPECT_FALSE(told.empty());
  ErasureWords words;
  uint64_t record = 0;
  for (const auto& message : told) {
    EXPECT_TRUE(words.add(++record, message)) << message;
    for (const auto& ranges : {parse_erasure(message), parse_withdrawal(message)})
      for (const Erasure& range : ranges) EXPECT_LE(range.last, 20U) << message;
  }
  EXPECT_THAT(words.standing(), IsEmpty()) << "what was told is taken back";
}

TEST_F(RetentionTest, AHoldThatIsWidenedMeanwhileIsHeeded) {
  std::vector<LegalHold> holds = {{"case", {.user = "carol"}}};
  retention.set_holds([&] { return Result<std::vector<LegalHold>>(holds); });
  retention.set_settle([&] {
    holds = {{"case", {}}};
    return Result<>();
  });
  const auto first = holds;
  const auto before = left();
  EXPECT_FALSE(retention.run(16 * kDay, UINT64_MAX, first, [](const auto&) { return Result<>(); }));
  EXPECT_EQ(left(), before);
}

TEST_F(RetentionTest, OthersHaveTheSegmentsWhileItIsTold) {
  int asked = 0, free = 0;
  const auto look = [&] {
    ++asked;
    const int fd = ::open((folder / "segments.lock").c_str(), O_RDWR | O_CLOEXEC);
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) ++free;
    ::close(fd);
    return Result<>();
  };
  retention.set_settle(look);
  ASSERT_TRUE(retention.run(16 * kDay, UINT64_MAX, {}, [&](const auto&) { return look(); }));
  EXPECT_GT(asked, 1);
  EXPECT_EQ(free, asked);
}

TEST_F(RetentionTest, WhatIsToldAndNotSignedIsNotErased) {
  const auto before = left();
  retention.set_settle([] { return Result<>(fail(ErrorCode::kUnavailable, "not signed")); });
  const auto run = retention.run(16 * kDay, UINT64_MAX, {}, [](const auto&) { return Result<>(); });
  ASSERT_FALSE(run);
  EXPECT_THAT(run.error().text, HasSubstr("not signed"));
  EXPECT_EQ(left(), before);
  retention.set_settle({});
  EXPECT_TRUE(retention.run(16 * kDay, UINT64_MAX, {}, [](const auto&) { return Result<>(); }));
  EXPECT_LT(left().size(), before.size()) << "the next run tries again";
}

TEST_F(RetentionTest, WhatExplainsTheLogIsNeverTaken) {
  run(16);
  const auto first = told.size();
  ASSERT_GT(first, 0U);
  run(1000);
  const auto evidence = search(folder.path(), {.type = "evidence"});
  ASSERT_TRUE(evidence);
  EXPECT_GE(evidence->size(), first);
}

TEST_F(RetentionTest, ErasingByHandStopsAtAHold) {
  Query bob;
  bob.user = "bob";
  const std::vector<LegalHold> holds = {{"case", bob}};
  const auto refused = erase_records(folder.path(), {1, 4}, holds);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kDenied);
  EXPECT_THAT(refused.error().text, HasSubstr("legal hold \"case\""));
  EXPECT_EQ(left().size(), 20U) << "nothing of the range is gone";
  EXPECT_EQ(erase_records(folder.path(), {3, 3}, holds), ErasedCount{1});
}

TEST(RetentionRules, SayWhatIsWrong) {
  const auto wrong = retention_rules({{"x", std::nullopt, {{"decision", "maybe"}}}});
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().text, HasSubstr("audit.retention \"x\""));
  EXPECT_THAT(wrong.error().text, HasSubstr("allowed, denied"));
  EXPECT_FALSE(retention_rules({{"x", std::nullopt, {{"type", "statements"}}}}));
  EXPECT_TRUE(retention_rules({{"x", std::nullopt, {{"type", "session_start"}}}}));
}

TEST(ErasureMessage, SaysItsRangesAndNothingElseDoes) {
  const std::vector<uint64_t> numbers = {1, 2, 3, 7, 9, 10};
  const auto ranges = ranges_of(numbers);
  EXPECT_THAT(ranges, ElementsAre(Erasure{1, 3}, Erasure{7, 7}, Erasure{9, 10}));
  EXPECT_EQ(parse_erasure(format_erasure(ranges, "why, 1 to 2: so")), ranges);
  for (const char* text : {"", "erased: records ", "erased: records 1 to 2", "erased: records 1",
                           "erased: records 1 to 2, : x", "erased: records 1 to 2,3 to 4: x"}) {
    EXPECT_THAT(parse_erasure(text), IsEmpty()) << text;
  }
}

class LegalHolds : public ::testing::Test {
 protected:
  TestFolder folder_;
  store::Database database_ = std::move(*store::open_local(folder_ / "state"));
};

TEST_F(LegalHolds, AreKeptAndReleasedOnTheRecord) {
  ASSERT_TRUE(add_hold(database_,
                       {"case", "user=alice&since=2026-01-01T00%3A00%3A00Z", "inquiry", "dpo", 0}));
  EXPECT_EQ(add_hold(database_, {"case", "", "again", "dpo", 0}).error().code, ErrorCode::kExists);
  EXPECT_FALSE(add_hold(database_, {"other", "nonsense=1", "why", "dpo", 0}));
  EXPECT_FALSE(add_hold(database_, {"other", "", "", "dpo", 0}));
  const auto holds = load_holds(database_);
  ASSERT_TRUE(holds);
  ASSERT_EQ(holds->size(), 1U);
  EXPECT_EQ((*holds)[0].which.user, "alice");
  EXPECT_GT((*holds)[0].which.since_micros, 0);
  ASSERT_TRUE(release_hold(database_, "case", "closed", "dpo"));
  EXPECT_EQ(release_hold(database_, "case", "closed", "dpo").error().code, ErrorCode::kNotFound);
  EXPECT_THAT(*load_holds(database_), IsEmpty());
  std::vector<std::string> words;
  const auto events = *store::waiting_admin_events(database_);
  for (const auto& event : events) words.push_back(event.message);
  EXPECT_THAT(words, ElementsAre(HasSubstr("legal hold \"case\" on user=alice"),
                                 "legal hold \"case\" released: closed"));
}

TEST_F(LegalHolds, MeanTheSameTimesTomorrow) {
  ASSERT_TRUE(add_hold(database_, {"case", "since=1h", "why", "dpo", 0}));
  const auto first = load_holds(database_);
  ASSERT_TRUE(first);
  EXPECT_THAT((*stored_holds(database_))[0].query, ::testing::StartsWith("since=20"));
  EXPECT_EQ((*load_holds(database_))[0].which.since_micros, (*first)[0].which.since_micros);
}

TEST_F(LegalHolds, OneThatCannotBeReadLetsNothingGo) {
  auto insert =
      database_.prepare("INSERT INTO legal_holds VALUES ('old', 'color=blue', 'why', 'dpo', 1)");
  ASSERT_TRUE(insert->run());
  const auto holds = load_holds(database_);
  ASSERT_FALSE(holds);
  EXPECT_THAT(holds.error().text, HasSubstr("\"old\""));
}

}  // namespace
}  // namespace sluice::audit
