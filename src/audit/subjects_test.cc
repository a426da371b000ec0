#include "audit/subjects.h"

#include <algorithm>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/index.h"
#include "audit/record.h"
#include "audit/search.h"
#include "audit/subject_set.h"
#include "base/test_folder.h"

namespace sluice::audit {
namespace {

using ::testing::ElementsAre;

constexpr int64_t kDay = int64_t{86'400} * 1'000'000;

class SubjectsTest : public ::testing::Test {
 protected:
  SubjectsTest() { std::filesystem::create_directories(log()); }
  std::filesystem::path log() const { return folder.path() / "log"; }

  /// Digests of values number `first` to `last`.
  static std::vector<uint64_t> values(uint64_t first, uint64_t last) {
    std::vector<uint64_t> out;
    for (uint64_t i = first; i <= last; ++i) out.push_back(std::mt19937_64(i)());
    std::sort(out.begin(), out.end());
    return out;
  }

  void shows(const std::string& user, int64_t time, const std::vector<uint64_t>& digests,
             EventType type = EventType::kStatement, uint64_t in_all = 0) {
    const std::string set = encode_set(digests);
    Event event;
    event.type = type;
    event.time_micros = time;
    event.seen_shown = set;
    const std::string masked = encode_set(values(900'000, 900'003));
    event.seen_masked = masked;
    event.subjects = in_all;
    event.text = "SELECT email";
    std::string head, payload;
    encode_context(head, {.session_id = 1, .user = user, .database = "orders"});
    encode_record(payload, head, event, {});
    ++last_;
    if (!writer_)
      writer_ = *SegmentWriter::create(log() / "00000000000000000001-0.seg", 0, 1, 1 << 20);
    ASSERT_TRUE(writer_->has_room(payload.size()));
    writer_->append(last_, {}, payload);
  }

  void index() {
    auto index = Index::open(folder.path());
    ASSERT_TRUE(index);
    LogFollower follower(log(), *index->cursor());
    ASSERT_TRUE(follower.read(SIZE_MAX, [&](const std::string& segment, const Frame& frame) {
      EXPECT_TRUE(index->add(segment, frame));
    }));
    ASSERT_TRUE(index->flush(follower.cursor()));
  }

  std::vector<std::string> seen(const Query& query, int64_t now = 3 * kDay) const {
    const auto all = subjects_seen(folder.path(), query, now);
    EXPECT_TRUE(all) << all.error().text;
    std::vector<std::string> out;
    if (!all) return out;
    for (const auto& one : *all) {
      out.push_back(std::to_string(one.day_micros / kDay) + " " + one.user + " " +
                    std::to_string(one.subjects) + (one.exact ? "" : "?") + " in " +
                    std::to_string(one.statements));
    }
    return out;
  }

  TestFolder folder;

 private:
  std::unique_ptr<SegmentWriter> writer_;
  uint64_t last_ = 0;
};

Query since(int64_t micros) {
  Query query;
  query.since_micros = micros;
  return query;
}

TEST_F(SubjectsTest, EachIsCountedOnceForAPersonAndDay) {
  shows("alice", kDay + 5, values(1, 10));
  shows("alice", kDay + 6, values(5, 14));
  shows("bob", kDay + 7, values(1, 3));
  shows("alice", 2 * kDay, values(1, 2));  // Midnight belongs to the new day.
  shows("bob", 2 * kDay - 1, values(4, 5));
  shows("carol", kDay + 8, {});
  const std::vector<std::string> expected = {"2 alice 2 in 1", "1 alice 14 in 2", "1 bob 5 in 2"};
  // The same from the log alone, from the index alone, and from both.
  EXPECT_EQ(seen(since(1)), expected);
  index();
  EXPECT_EQ(seen(since(1)), expected);
  shows("bob", 2 * kDay + 9, values(77, 77));
  EXPECT_THAT(seen(since(2 * kDay)), ElementsAre("2 alice 2 in 1", "2 bob 1 in 1"));
}

TEST_F(SubjectsTest, FiltersAndLimitHold) {
  shows("alice", kDay + 5, values(1, 10));
  shows("bob", kDay + 6, values(1, 20));
  index();
  Query query = since(1);
  query.user = "alice";
  EXPECT_THAT(seen(query), ElementsAre("1 alice 10 in 1"));
  query = since(1);
  query.limit = 1;
  EXPECT_THAT(seen(query), ElementsAre("1 bob 20 in 1"));
  query = since(1);
  query.min_subjects = 11;
  EXPECT_THAT(seen(query), ElementsAre("1 bob 20 in 1"));
  EXPECT_THAT(seen({}, kDay + 9), ElementsAre("1 bob 20 in 1", "1 alice 10 in 1"));
  EXPECT_TRUE(seen({}, 2 * kDay + 9).empty()) << "today alone, where no time is given";
  EXPECT_FALSE(subjects_seen(folder.path(), since(1), 400 * kDay));
}

TEST_F(SubjectsTest, LargeResultsAreCountedTooAndSaidToBeLessThanExact) {
  shows("alice", kDay + 5, values(1, 3000));
  shows("alice", kDay + 6, values(2001, 5000));
  shows("alice", kDay + 7, values(4990, 5010));
  index();
  EXPECT_THAT(seen(since(1)), ElementsAre("1 alice 5010? in 3"));
}

TEST_F(SubjectsTest, PartsOfAStatementAreNoStatementsAndItsRecordTellsOfAll) {
  shows("alice", kDay + 5, values(1, 40), EventType::kSeen);
  shows("alice", kDay + 6, values(30, 50), EventType::kStatement, 50);
  index();
  EXPECT_THAT(seen(since(1)), ElementsAre("1 alice 50 in 1"));
  Query query;
  query.min_subjects = 50;
  const auto found = search(folder.path(), query);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().subjects, 50U);
}

TEST_F(SubjectsTest, WhatCannotBeReadIsNotExact) {
  Event event;
  event.time_micros = kDay;
  event.seen_shown = "nonsense";
  std::string payload;
  encode_record(payload, {}, event, {});
  auto writer = *SegmentWriter::create(log() / "00000000000000000001-0.seg", 0, 1, 1 << 16);
  writer->append(1, {}, payload);
  EXPECT_THAT(seen(since(1)), ElementsAre("1  0? in 1"));
}

}  // namespace
}  // namespace sluice::audit
