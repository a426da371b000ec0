// Searching and counting by every field, against a plain walk over the same records.
#include <algorithm>
#include <map>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/count.h"
#include "audit/details.h"
#include "audit/filters.h"
#include "audit/index.h"
#include "audit/search.h"
#include "base/test_folder.h"

namespace sluice::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Strings = std::vector<std::string>;

class SearchFields : public ::testing::Test {
 protected:
  SearchFields() { std::filesystem::create_directories(folder.path() / "log"); }

  std::string pick(const Strings& of) { return of[random() % of.size()]; }
  Strings some(const Strings& of) {
    Strings out;
    for (const auto& one : of) {
      if (random() % 3 == 0) out.push_back(one);
    }
    return out;
  }

  void write(size_t count) {
    std::vector<std::unique_ptr<SegmentWriter>> writers(2);
    for (size_t i = 0; i < count; ++i) {
      SessionContext context;
      context.session_id = random() % 30;
      // All records of a session have its context; those without one are anybody's.
      std::mt19937 of_session(static_cast<unsigned>(context.session_id * 77 + 1));
      const auto fixed = [&](const Strings& of) {
        return context.session_id == 0 ? pick(of) : of[of_session() % of.size()];
      };
      context.user = fixed({"alice", "bob", "carol"});
      context.database = fixed({"orders", "shop"});
      context.environment = fixed({"production", "staging"});
      context.application = fixed({"psql", "web"});
      context.client_address = fixed({"10.1.2.3:4000", "10.1.9.9:1", "[::1]:5", ""});
      context.kind = fixed({"human", "agent"});
      context.groups = {fixed({"staff", "admins"}), "all"};
      context.prompt = fixed({"p1", "p2", ""});
      context.actors = {"helper", fixed({"carol", "alice"})};
      if (fixed({"", "acting"}).empty()) context.actors.clear();
      const StatementDetails details{some({"public.orders", "orders", "s.customers"}),
                                     some({"read public.orders", "update s.customers", "commit"}),
                                     some({"public.orders.id", "s.customers.email"}),
                                     some({"public.orders.status", "s.customers.*"}),
                                     some({"s.customers.name"}),
                                     some({"email", "iban"})};
      const std::string encoded = encode_details(details);
      Event event;
      event.type = static_cast<EventType>(random() % 8 == 0 ? 1 + random() % 8 : 6);
      event.outcome = static_cast<Outcome>(1 + random() % 5);
      event.time_micros = static_cast<int64_t>(1'000'000 + i * 1000 - random() % 9000);
      const std::string kind = pick({"SELECT", "UPDATE", "CREATE TABLE"});
      const std::string rule = pick({"reads", "writes", ""});
      const Strings matched = some({"reads", "all"});
      const std::string text =
          pick({"SELECT email FROM customers WHERE id = ", "UPDATE x y ", ""}) +
          std::to_string(random() % 500);
      event.kind = kind;
      event.rule = rule;
      event.matched = &matched;
      event.text = text;
      event.details = encoded;
      event.duration_micros = random() % 3 == 0 ? random() : random() % 5000;
      event.rows = random() % 50;
      event.phase = static_cast<Phase>(1 + random() % 4);
      const std::string approval = pick({"", "", "12 by dora", "1 automatically"});
      event.approval = approval;
      const std::string change = pick({"", "", "3 step 1 of 7", "30"});
      event.change = change;
      const std::string ticket = pick({"", "", "OPS-12", "OPS-1"});
      event.ticket = ticket;
      const std::string purpose = pick({"", "support", "support case"});
      event.purpose = purpose;
      std::string head, payload;
      encode_context(head, context);
      encode_record(payload, head, event, {});
      auto& writer = writers[random() % 2];
      if (!writer || !writer->has_room(payload.size())) {
        char name[64];
        std::snprintf(name, sizeof name, "%020zu-%d.seg", ++last_, segments_++);
        writer = *SegmentWriter::create(folder.path() / "log" / name, 0, last_--, 64 * 1024);
      }
      writer->append(++last_, {}, payload);
      all_.emplace_back(last_, payload);
    }
  }

  void index(size_t step, size_t rounds) {
    auto index = Index::open(folder.path());
    ASSERT_TRUE(index) << index.error().text;
    LogFollower follower(folder.path() / "log", *index->cursor());
    for (size_t i = 0; i < rounds; ++i) {
      const auto count = follower.read(step, [&](const std::string& segment, const Frame& frame) {
        EXPECT_TRUE(index->add(segment, frame));
      });
      ASSERT_TRUE(count);
      const auto flushed = index->flush(follower.cursor());
      ASSERT_TRUE(flushed) << flushed.error().text;
      if (*count == 0) return;
    }
  }

  Query any_query() {
    Query q;
    const auto maybe = [&](std::string& field, const Strings& values) {
      if (random() % 8 == 0) field = pick(values);
    };
    maybe(q.user, {"alice", "bob", "nobody"});
    maybe(q.database, {"orders", "shop"});
    maybe(q.environment, {"production", "staging"});
    maybe(q.application, {"psql", "web"});
    maybe(q.address, {"10.1.2.3", "10.1.", "::1", "10.1"});
    maybe(q.principal_kind, {"human", "agent"});
    maybe(q.group, {"staff", "all"});
    maybe(q.table, {"orders", "public.orders", "customers"});
    maybe(q.column, {"email", "customers.name", "s.customers.phone", "status"});
    maybe(q.data_class, {"email", "iban"});
    maybe(q.action, {"read", "read orders", "update s.customers", "commit"});
    maybe(q.kind, {"select", "create"});
    maybe(q.outcome, {"allowed", "limited", "parsed"});
    maybe(q.prompt, {"p1", "p3"});
    maybe(q.rule, {"reads", "all"});
    maybe(q.approval, {"12", "1", "7"});
    maybe(q.change, {"3", "30"});
    maybe(q.ticket, {"OPS-12", "OPS-1", "ops-12"});
    maybe(q.purpose, {"support", "support case"});
    maybe(q.actor, {"carol", "helper"});
    maybe(q.type, {"statement", "admin"});
    maybe(q.text, {"FROM customers", "email FROM customers WHERE", "7"});
    maybe(q.words, {"customers 7*", "update", "FROM select", "nothing"});
    if (random() % 8 == 0) q.session = random() % 30;
    if (random() % 8 == 0) q.min_duration_micros = random() % 5000;
    if (random() % 8 == 0) q.max_duration_micros = random() % 5000;
    if (random() % 8 == 0) q.min_rows = random() % 50;
    if (random() % 8 == 0) q.max_rows = random() % 50;
    const auto time = [&] { return static_cast<int64_t>(1'000'000 + random() % 2'000'000); };
    if (random() % 4 == 0) q.since_micros = time();
    if (random() % 4 == 0) q.until_micros = time();
    EXPECT_TRUE(set_order(q, orders()[random() % orders().size()]));
    q.limit = std::vector<size_t>{1, 7, 100, 1'000'000}[random() % 4];
    return q;
  }

  /// Sequences of what is wanted, in the query's order.
  std::vector<uint64_t> expected(const Query& query) const {
    std::vector<std::pair<Rank, uint64_t>> found;
    for (const auto& [sequence, payload] : all_) {
      const auto record = read_record(payload);
      if (!matches(query, *record)) continue;
      found.emplace_back(rank_of(query, sequence, *record), sequence);
    }
    std::sort(found.rbegin(), found.rend());
    std::vector<uint64_t> out;
    for (const auto& [rank, sequence] : found) out.push_back(sequence);
    return out;
  }
  /// All pages of it, put together.
  std::vector<uint64_t> found(Query query) const {
    std::vector<uint64_t> out;
    for (;;) {
      auto page = search_page(folder.path(), query);
      EXPECT_TRUE(page) << page.error().text;
      if (!page) return out;
      if (query.order == Order::kNewest) std::reverse(page->records.begin(), page->records.end());
      for (const auto& record : page->records) out.push_back(record.sequence);
      EXPECT_LE(page->records.size(), query.limit);
      if (!page->next || out.size() > 3 * all_.size()) return out;
      query.after = page->next;
      if (query.limit < 100) query.limit = 100;
    }
  }
  void compare(int queries) {
    for (int i = 0; i < queries; ++i) {
      const Query query = any_query();
      ASSERT_EQ(found(query), expected(query)) << describe(query);
    }
  }

  static std::string describe(const Query& q) {
    std::string out;
    for (const auto& [name, value] : std::map<std::string, std::string>{
             {"user", q.user},        {"database", q.database}, {"environment", q.environment},
             {"app", q.application},  {"address", q.address},   {"pkind", q.principal_kind},
             {"group", q.group},      {"table", q.table},       {"column", q.column},
             {"class", q.data_class}, {"action", q.action},     {"kind", q.kind},
             {"outcome", q.outcome},  {"rule", q.rule},         {"approval", q.approval},
             {"change", q.change},    {"ticket", q.ticket},     {"prompt", q.prompt},
             {"type", q.type},        {"text", q.text},         {"words", q.words}}) {
      if (!value.empty()) out += name + "=" + value + " ";
    }
    return out + "session=" + std::to_string(q.session) +
           " since=" + std::to_string(q.since_micros) + " until=" + std::to_string(q.until_micros) +
           " min_duration=" + std::to_string(q.min_duration_micros.value_or(0)) +
           " max_duration=" + std::to_string(q.max_duration_micros.value_or(0)) +
           " min_rows=" + std::to_string(q.min_rows.value_or(0)) +
           " max_rows=" + std::to_string(q.max_rows.value_or(0)) +
           " order=" + std::to_string(static_cast<int>(q.order)) +
           " by=" + std::string(name_of(q.by)) + " limit=" + std::to_string(q.limit);
  }

  TestFolder folder;
  std::mt19937 random{4711};
  std::vector<std::pair<uint64_t, std::string>> all_;
  uint64_t last_ = 0;
  int segments_ = 0;
};

TEST_F(SearchFields, FindWhatAPlainWalkFindsInEveryOrderAndPage) {
  write(1200);
  compare(30);
  index(100, 3);
  compare(150);
  write(300);
  compare(100);
  index(SIZE_MAX, SIZE_MAX);
  compare(400);
}

TEST_F(SearchFields, CountsAreThoseOfAPlainWalk) {
  write(1500);
  index(200, 4);
  for (int i = 0; i < 100; ++i) {
    Query query = any_query();
    query.limit = 1'000'000;
    Counting counting;
    for (size_t n = random() % 3; n > 0; --n) {
      counting.by.push_back(fields()[random() % fields().size()]);
    }
    if (random() % 2 == 0) counting.bucket_micros = 300'000;
    const auto counts = count(folder.path(), query, counting);
    ASSERT_TRUE(counts) << counts.error().text;
    EXPECT_EQ(counts->records, expected(query).size()) << describe(query);
    uint64_t sum = 0;
    int64_t last = 0;
    for (const Count& some : counts->counts) {
      EXPECT_GE(some.bucket, last);
      last = some.bucket;
      sum += some.records;
      EXPECT_EQ(some.values.size(), counting.by.size());
    }
    const bool once = std::none_of(counting.by.begin(), counting.by.end(), [](Field field) {
      return field == Field::kGroup || field == Field::kActor || field == Field::kTable ||
             field == Field::kColumn || field == Field::kClass || field == Field::kAction;
    });
    if (once) EXPECT_EQ(sum, counts->records);
    // Each count is what a search for it finds.
    if (counting.by == std::vector{Field::kUser} && counting.bucket_micros == 0) {
      for (const Count& some : counts->counts) {
        if (!query.user.empty() || some.values[0].empty()) continue;
        Query alone = query;
        alone.user = some.values[0];
        EXPECT_EQ(some.records, expected(alone).size());
      }
    }
  }
}

TEST_F(SearchFields, CountsOverTimeAndByValue) {
  write(400);
  index(SIZE_MAX, 2);
  std::map<std::string, uint64_t> tables;
  for (const auto& [sequence, payload] : all_) {
    read_record(payload)->tables.for_each([&](Bytes table) { ++tables[std::string(table)]; });
  }
  const auto counts = count(folder.path(), {}, {{Field::kTable}, 0});
  ASSERT_TRUE(counts);
  for (const Count& some : counts->counts) {
    if (!some.values[0].empty()) EXPECT_EQ(some.records, tables[some.values[0]]);
  }
  const auto first = count(folder.path(), {.limit = 1}, {{Field::kUser}, 100'000});
  ASSERT_TRUE(first);
  std::map<int64_t, int> spans;
  for (const Count& some : first->counts) {
    EXPECT_EQ(some.bucket % 100'000, 0);
    EXPECT_EQ(++spans[some.bucket], 1) << "at most one for each span";
  }
  EXPECT_GT(spans.size(), 3U);
}

/// Numbers are counted in spans, whether the index has them yet or not.
TEST_F(SearchFields, NumbersAreCountedInDecades) {
  write(600);
  std::map<std::string, uint64_t> rows, long_ones;
  for (const auto& [sequence, payload] : all_) {
    const auto record = read_record(payload);
    ++rows[record->rows == 0    ? "0"
           : record->rows == 1  ? "1"
           : record->rows <= 10 ? "2 to 10"
                                : "11 to 100"];
    if (record->duration_micros <= 1000) ++long_ones["up to 1 ms"];
    if (record->duration_micros > 1000 && record->duration_micros <= 10'000)
      ++long_ones["1 to 10 ms"];
    if (record->duration_micros > 1'000'000'000) ++long_ones["more than 1000 s"];
  }
  for (const size_t rounds : {size_t{0}, size_t{2}, SIZE_MAX}) {
    if (rounds > 0) index(100, rounds);
    const auto by_rows = count(folder.path(), {}, {{Field::kRows}, 0});
    ASSERT_TRUE(by_rows);
    std::map<std::string, uint64_t> counted;
    for (const Count& some : by_rows->counts) counted[some.values[0]] = some.records;
    EXPECT_EQ(counted, rows);
    const auto by_duration = count(folder.path(), {}, {{Field::kDuration}, 0});
    ASSERT_TRUE(by_duration);
    counted.clear();
    for (const Count& some : by_duration->counts) counted[some.values[0]] = some.records;
    for (const auto& [span, records] : long_ones) EXPECT_EQ(counted[span], records) << span;
  }
}

TEST_F(SearchFields, WhatOnlyWasParsedIsNotAllowed) {
  write(300);
  index(SIZE_MAX, 2);
  const auto decisions = count(folder.path(), {.type = "statement"}, {{Field::kDecision}, 0});
  ASSERT_TRUE(decisions);
  std::map<std::string, uint64_t> counted;
  for (const Count& some : decisions->counts) counted[some.values[0]] = some.records;
  uint64_t parsed = 0, allowed = 0;
  for (const auto& [sequence, payload] : all_) {
    const auto record = read_record(payload);
    if (record->type != EventType::kStatement || record->outcome != Outcome::kAllowed) continue;
    ++(record->phase == Phase::kParse ? parsed : allowed);
  }
  EXPECT_GT(parsed, 0U);
  EXPECT_EQ(counted["parsed"], parsed);
  EXPECT_EQ(counted["allowed"], allowed);
}

TEST(Query, HostsAndCursors) {
  EXPECT_EQ(host_of("10.1.2.3:40"), "10.1.2.3");
  EXPECT_EQ(host_of("[::1]:40"), "::1");
  EXPECT_EQ(host_of("::1"), "::1");
  EXPECT_EQ(host_of("/run/socket"), "/run/socket");
  const Rank rank{17, UINT64_MAX};
  EXPECT_EQ(parse_rank(to_text(rank)), rank);
  const Rank named{1, 17, "\xff al.ice"};
  EXPECT_EQ(parse_rank(to_text(named)), named);
  for (const char* text : {"", ".", "1", "1.", ".1", "1.2.3", "1.2.", "1.2.3g", "-1.2", "a.b"}) {
    EXPECT_FALSE(parse_rank(text)) << text;
  }
}

TEST_F(SearchFields, IndexOfAnEarlierVersionIsMadeAnew) {
  write(50);
  {
    auto database = store::Database::open(folder / "index.db");
    ASSERT_TRUE(database);
    ASSERT_TRUE(database->execute(
        "CREATE TABLE cursor (segment TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT;"
        "CREATE TABLE chunks (id INTEGER PRIMARY KEY, segment TEXT) STRICT;"
        "INSERT INTO cursor VALUES ('a.seg', 7); PRAGMA user_version = 1"));
  }
  EXPECT_EQ(found({}).size(), 50U);
  index(SIZE_MAX, 2);
  EXPECT_EQ(found({}).size(), 50U);
}

}  // namespace
}  // namespace sluice::audit
