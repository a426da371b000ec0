#include "audit/search.h"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <random>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/index.h"
#include "base/test_folder.h"

namespace sluice::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// What the tests write, kept beside so that a search can be compared with a plain walk over it.
struct Written {
  uint64_t sequence = 0;
  EventType type = EventType::kStatement;
  Outcome outcome = Outcome::kAllowed;
  int64_t time = 0;
  uint64_t session = 0;
  std::string user, database, kind, text;
  std::vector<std::string> tables;
};

class SearchTest : public ::testing::Test {
 protected:
  SearchTest() { std::filesystem::create_directories(log()); }
  std::filesystem::path log() const { return folder.path() / "log"; }

  /// Writes `count` records in small segments of two writers.
  void write(size_t count, uint32_t seed) {
    std::mt19937 random(seed);
    const auto pick = [&](std::vector<std::string> of) { return of[random() % of.size()]; };
    std::vector<std::unique_ptr<SegmentWriter>> writers(2);
    for (size_t i = 0; i < count; ++i) {
      Written w;
      w.sequence = ++last_;
      // Few records of other kinds; times go back and forth a little, as those of long statements.
      w.type = static_cast<EventType>(random() % 8 == 0 ? 1 + random() % 8 : 6);
      w.outcome = static_cast<Outcome>(1 + random() % 4);
      w.time = static_cast<int64_t>(1'000'000 + i * 1000 - random() % 5000);
      w.session = 1 + random() % 20;
      w.user = pick({"alice", "bob", "al", "Ünal", "alice bob"});
      w.database = pick({"orders", "shop"});
      w.kind = pick({"SELECT", "INSERT", "CREATE TABLE", "CREATE INDEX", ""});
      w.text = pick({"SELECT * FROM Orders", "insert into t", "DROP", "", "a%b_c"});
      for (size_t t = random() % 4; t > 0; --t)
        w.tables.push_back(
            pick({"orders", "public.orders", "s.my table", "reorders", "a.b.orders"}));
      append(writers[random() % 2], w);
      all_.push_back(w);
    }
  }

  void append(std::unique_ptr<SegmentWriter>& writer, const Written& w) {
    Event event;
    event.type = w.type;
    event.outcome = w.outcome;
    event.time_micros = w.time;
    event.kind = w.kind;
    event.text = w.text;
    event.tables = &w.tables;
    std::string head;
    encode_context(head, {.session_id = w.session, .user = w.user, .database = w.database});
    std::string payload;
    encode_record(payload, head, event, {});
    if (!writer || !writer->has_room(payload.size())) {
      char name[64];
      std::snprintf(name, sizeof name, "%020lu-%d.seg", w.sequence, segments_++);
      writer = *SegmentWriter::create(log() / name, 0, w.sequence, 8192);
    }
    writer->append(w.sequence, {}, payload);
  }

  /// Indexes in chunks of `step` records a segment, until `rounds` are done or all is.
  void index(size_t step, size_t rounds) {
    auto index = Index::open(folder.path());
    ASSERT_TRUE(index);
    LogFollower follower(log(), *index->cursor());
    for (size_t i = 0; i < rounds; ++i) {
      const auto count = follower.read(step, [&](const std::string& segment, const Frame& frame) {
        EXPECT_TRUE(index->add(segment, frame));
      });
      ASSERT_TRUE(count);
      ASSERT_TRUE(index->flush(follower.cursor()));
      EXPECT_EQ(index->pending_records(), 0U);
      if (*count == 0) return;
    }
  }

  static std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    return text;
  }
  static bool wanted(const Query& q, const Written& w) {
    bool table = q.table.empty();
    for (const auto& t : w.tables) {
      const auto dot = t.size() > q.table.size() ? t[t.size() - q.table.size() - 1] : '.';
      table = table || (t.ends_with(q.table) && dot == '.');
    }
    static const char* const kOutcomes[] = {"", "allowed", "denied", "skipped", "lost"};
    return table && (q.user.empty() || q.user == w.user) &&
           (q.database.empty() || q.database == w.database) &&
           lower(w.kind).starts_with(lower(q.kind)) &&
           lower(w.text).find(lower(q.text)) != std::string::npos &&
           (q.outcome.empty() || (w.type == EventType::kStatement &&
                                  kOutcomes[static_cast<int>(w.outcome)] == q.outcome)) &&
           (q.type.empty() || q.type == name_of(w.type)) &&
           (q.session == 0 || q.session == w.session) && w.time >= q.since_micros &&
           (q.until_micros == 0 || w.time <= q.until_micros);
  }
  std::vector<uint64_t> expected(const Query& query) const {
    std::vector<uint64_t> out;
    for (const auto& w : all_) {
      if (wanted(query, w)) out.push_back(w.sequence);
    }
    if (out.size() > query.limit)
      out.erase(out.begin(), out.end() - static_cast<long>(query.limit));
    return out;
  }
  std::vector<uint64_t> found(const Query& query) const {
    const auto records = search(folder.path(), query);
    EXPECT_TRUE(records) << records.error().text;
    std::vector<uint64_t> out;
    if (records)
      for (const auto& record : *records) out.push_back(record.sequence);
    return out;
  }
  Query any_query(std::mt19937& random) const {
    Query q;
    const auto maybe = [&](std::string& field, std::vector<std::string> values) {
      if (random() % 4 == 0) field = values[random() % values.size()];
    };
    maybe(q.user, {"alice", "bob", "al", "Ünal", "nobody"});
    maybe(q.database, {"orders", "shop", "x"});
    maybe(q.table, {"orders", "public.orders", "my table", "table", "s.my table", "b.orders"});
    maybe(q.kind, {"select", "CREATE", "create t", "Ünal"});
    maybe(q.text, {"orders", "FROM", "%", "_", "a%b_c"});
    maybe(q.outcome, {"allowed", "denied", "lost"});
    maybe(q.type, {"statement", "admin", "session_start"});
    if (random() % 4 == 0) q.session = 1 + random() % 21;
    if (random() % 4 == 0) q.since_micros = all_[random() % all_.size()].time;
    if (random() % 4 == 0) q.until_micros = all_[random() % all_.size()].time;
    q.limit = std::vector<size_t>{1, 3, 100, 1'000'000}[random() % 4];
    return q;
  }
  void compare(uint32_t seed, int queries) const {
    std::mt19937 random(seed);
    for (int i = 0; i < queries; ++i) {
      const Query q = any_query(random);
      ASSERT_EQ(found(q), expected(q))
          << "user=" << q.user << " database=" << q.database << " table=" << q.table
          << " kind=" << q.kind << " text=" << q.text << " outcome=" << q.outcome
          << " type=" << q.type << " session=" << q.session << " since=" << q.since_micros
          << " until=" << q.until_micros << " limit=" << q.limit;
    }
  }

  TestFolder folder;
  std::vector<Written> all_;
  uint64_t last_ = 0;
  int segments_ = 0;
};

TEST_F(SearchTest, FindsWhatAPlainWalkFindsWhateverTheStateOfTheIndex) {
  write(1500, 1);
  compare(1, 50);  // No index at all.
  index(7, 2);     // A part of each segment.
  compare(2, 100);
  write(500, 2);  // Segments that the index does not know.
  compare(3, 100);
  index(40, SIZE_MAX);
  compare(4, 200);  // All of it.
  std::filesystem::remove(folder / "index.db");
  compare(5, 50);  // The log is the truth.
}

TEST_F(SearchTest, LimitZeroFindsNothing) {
  write(10, 1);
  EXPECT_THAT(found({.limit = 0}), IsEmpty());
  index(100, 2);
  EXPECT_THAT(found({.limit = 0}), IsEmpty());
}

TEST_F(SearchTest, ShowFindsEachRecordByItsNumber) {
  write(300, 3);
  index(20, 1);
  for (const auto& w : all_) {
    const auto record = show(folder.path(), w.sequence);
    ASSERT_TRUE(record) << w.sequence;
    EXPECT_EQ(record->text, w.text);
    EXPECT_EQ(record->tables, w.tables);
  }
  const auto missing = show(folder.path(), 301);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
}

TEST_F(SearchTest, DamageBehindTheIndexIsSaid) {
  write(200, 4);
  index(1000, SIZE_MAX);
  const auto file = list_segments(log())->front();
  std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
  out.seekp(kSegmentHeader + 20);
  out << "altered";
  out.close();
  const auto records = search(folder.path(), {.limit = 1000});
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().code, ErrorCode::kIo);
}

TEST_F(SearchTest, WhatIsNoRecordIsNotIndexed) {
  auto index = Index::open(folder.path());
  ASSERT_TRUE(index);
  EXPECT_FALSE(
      index->add("a.seg", {.sequence = 1, .offset = kSegmentHeader, .payload = "not CBOR"}));
  EXPECT_EQ(index->pending_records(), 0U);
}

TEST_F(SearchTest, TailGivesWhatIsNewInOrder) {
  write(20, 5);
  std::vector<uint64_t> got;
  std::atomic<bool> begun = false;
  std::thread follower([&] {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    EXPECT_TRUE(tail(
        folder.path(), {.user = "alice"},
        [&](const Record& record) {
          EXPECT_EQ(record.context.user, "alice");
          got.push_back(record.sequence);
          return record.text != "the last";
        },
        [&] {
          begun = true;
          return std::chrono::steady_clock::now() > end;
        }));
  });
  while (!begun) std::this_thread::yield();
  const auto fresh = all_.size();
  write(100, 6);
  std::unique_ptr<SegmentWriter> writer;
  all_.push_back({.sequence = ++last_, .user = "alice", .text = "the last"});
  append(writer, all_.back());
  follower.join();
  std::vector<uint64_t> want;
  for (size_t i = fresh; i < all_.size(); ++i)
    if (all_[i].user == "alice") want.push_back(all_[i].sequence);
  std::sort(got.begin(), got.end());  // Of two segments, one may be read a moment earlier.
  EXPECT_EQ(got, want);
}

/// As it is where records have been erased: its files are replaced under whoever reads them.
TEST_F(SearchTest, WhileTheIndexIsMadeAnew) {
  write(300, 7);
  std::atomic<bool> stop = false;
  std::thread anew([&] {
    while (!stop) {
      Index::remove(folder.path());
      index(100, 10);
    }
  });
  std::set<std::string> wrong;
  for (int i = 0; i < 100; ++i) {
    Query query;
    query.limit = 1000;
    const auto found = search(folder.path(), query);
    if (!found) {
      wrong.insert(found.error().text);
    } else if (found->size() != 300) {
      wrong.insert(std::to_string(found->size()) + " records");
    }
  }
  stop = true;
  anew.join();
  EXPECT_THAT(wrong, IsEmpty());
}

TEST(Follower, ReadsEachFrameOnceInPiecesAndFromACursor) {
  const TestFolder folder;
  auto writer = *SegmentWriter::create(folder / "1.seg", 0, 1, 4096);
  for (uint64_t i = 1; i <= 10; ++i) writer->append(i, {}, std::string(i, 'x'));
  std::vector<uint64_t> got;
  const auto each = [&](const std::string& segment, const Frame& frame) {
    EXPECT_EQ(segment, "1.seg");
    got.push_back(frame.sequence);
  };
  LogFollower first(folder.path(), {});
  EXPECT_EQ(first.read(4, each), 4U);
  EXPECT_EQ(first.read(4, each), 4U);
  LogFollower second(folder.path(), first.cursor());
  EXPECT_EQ(second.read(SIZE_MAX, each), 2U);
  EXPECT_THAT(got, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  EXPECT_EQ(second.read(SIZE_MAX, each), 0U);
  writer->append(11, {}, "late");
  writer->seal();
  EXPECT_EQ(second.read(SIZE_MAX, each), 1U);
  EXPECT_EQ(second.read(SIZE_MAX, each), 0U);
  EXPECT_THAT(second.take_damage(), IsEmpty());
}

TEST(Follower, KnowsUpToWhichNumberItHasAllOfSeveralWriters) {
  const TestFolder folder;
  auto even = *SegmentWriter::create(folder / "2-0.seg", 0, 2, 4096);
  auto odd = *SegmentWriter::create(folder / "1-1.seg", 1, 1, 4096);
  for (uint64_t i = 1; i <= 10; ++i) (i % 2 == 0 ? even : odd)->append(i, {}, "payload");
  const auto each = [](const std::string&, const Frame&) {};
  LogFollower follower(folder.path(), {});
  EXPECT_EQ(follower.reached(), 0U);
  int looks = 0;
  ASSERT_TRUE(follower.read(3, each, [&] { return ++looks == 2; }, 10));
  EXPECT_LE(follower.reached(), 1U) << "one of them was not looked at";
  ASSERT_TRUE(follower.read(3, each, {}, 10));
  EXPECT_LE(follower.reached(), 6U) << "the other was read to its third record";
  EXPECT_GE(follower.reached(), 5U);
  ASSERT_TRUE(follower.read(3, each, {}, 10));
  EXPECT_EQ(follower.reached(), 10U);
  even->append(12, {}, "late");
  ASSERT_TRUE(follower.read(3, each, {}, 12));
  EXPECT_EQ(follower.reached(), 12U);
}

TEST(Follower, DamageIsSaidOnceAndAllElseIsRead) {
  const TestFolder folder;
  for (const char* name : {"1.seg", "2.seg"}) {
    auto writer = *SegmentWriter::create(folder / name, 0, 1, 4096);
    for (uint64_t i = 1; i <= 3; ++i) writer->append(i, {}, "payload");
  }
  std::fstream out(folder / "1.seg", std::ios::in | std::ios::out | std::ios::binary);
  out.seekp(static_cast<std::streamoff>(kSegmentHeader + frame_size(7) + kFrameHeader));
  out << 'X';
  out.close();
  size_t frames = 0;
  LogFollower follower(folder.path(), {});
  EXPECT_EQ(follower.read(SIZE_MAX, [&](const auto&, const Frame&) { ++frames; }), 5U);
  EXPECT_THAT(follower.take_damage(), ElementsAre("1.seg: damaged at byte " +
                                                  std::to_string(kSegmentHeader + frame_size(7))));
  EXPECT_EQ(follower.read(SIZE_MAX, [&](const auto&, const Frame&) { ++frames; }), 0U);
  EXPECT_THAT(follower.take_damage(), IsEmpty());
  EXPECT_EQ(frames, 5U);
  EXPECT_EQ(follower.cursor().at("1.seg"), segment_size(folder / "1.seg"));
  LogFollower second(folder.path(), follower.cursor());
  EXPECT_EQ(second.read(SIZE_MAX, [&](const auto&, const Frame&) { ++frames; }), 0U);
}

TEST(Follower, Threat37_LengthMadeZeroInACompleteSegmentIsDamage) {
  const TestFolder folder;
  {
    auto writer = *SegmentWriter::create(folder / "1.seg", 0, 1, 4096);
    for (uint64_t i = 1; i <= 3; ++i) writer->append(i, {}, "payload");
  }
  std::fstream out(folder / "1.seg", std::ios::in | std::ios::out | std::ios::binary);
  out.seekp(static_cast<std::streamoff>(kSegmentHeader + frame_size(7)));
  out << '\0';
  out.close();
  LogFollower follower(folder.path(), {});
  EXPECT_EQ(follower.read(SIZE_MAX, [](const auto&, const Frame&) {}), 2U) << "and the third";
  EXPECT_EQ(follower.take_damage().size(), 1U);
}

}  // namespace
}  // namespace sluice::audit
