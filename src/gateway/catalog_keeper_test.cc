#include "gateway/catalog_keeper.h"

#include <deque>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr auto kNull = std::nullopt;

/// A server that holds `tables` in schema public, each with one column of type `type`. Questions
/// wait until a test answers them.
struct Server {
  std::vector<std::string> tables = {"orders"};
  std::string type = "integer";
  bool complete = true;  ///< else the definition of a view cannot be read
  struct Question {
    std::string text;
    CatalogKeeper::Answered answered;
  };
  std::deque<Question> asked;
  std::deque<std::function<void()>> elsewhere;
  std::vector<std::vector<std::string>> drifts;

  CatalogKeeper keeper{[this](std::string_view text, CatalogKeeper::Answered answered) {
                         asked.push_back({std::string(text), std::move(answered)});
                       },
                       [this](std::function<void()> job) { elsewhere.push_back(std::move(job)); },
                       [this](const std::vector<catalog::Change>& changes) {
                         auto& drift = drifts.emplace_back();
                         for (const auto& change : changes) drift.push_back(change.to_string());
                       }};

  std::string fingerprint() const {
    std::string text = type + (complete ? "" : "?");
    for (const auto& table : tables) text += "/" + table;
    return text;
  }

  /// As catalog/load_query.cc asks for it.
  std::vector<catalog::Rows> contents() const {
    catalog::Rows relations{
        {"1259", "11", "pg_class", "r", "p", "postgres", "f", "420", "14", kNull, kNull}};
    catalog::Rows columns;
    unsigned oid = 16400;
    for (const auto& table : tables) {
      const std::string id = std::to_string(oid++);
      relations.push_back({id, "2200", table, "r", "p", "alice", "f", "-1", "0", kNull, kNull});
      columns.push_back({id, "1", "a", "23", type, "f", "f", "f", "f", kNull, kNull});
    }
    if (!complete) {
      relations.push_back({"16390", "2200", "v", "v", "p", "alice", "f", "-1", "0", kNull, kNull});
    }
    return {{{fingerprint()}},
            {{"{pg_catalog,public}"}},
            {{"11", "pg_catalog"}, {"2200", "public"}},
            relations,
            columns,
            {},
            {},
            {},
            {},
            {},
            {},
            {{"23", "11", "int4", "b", "0", "0", "0", kNull}},
            {},
            {}};
  }

  Question take() {
    Question question = std::move(asked.front());
    asked.pop_front();
    return question;
  }
  void build() {
    while (!elsewhere.empty()) {
      const auto job = std::move(elsewhere.front());
      elsewhere.pop_front();
      job();
    }
  }
  /// Answers the oldest question as the server stands now.
  void answer() {
    const Question question = take();
    if (question.text == catalog::fingerprint_query()) {
      question.answered(std::vector<catalog::Rows>{{{fingerprint()}}});
    } else {
      question.answered(contents());
      build();
    }
  }
  void read_first() {
    keeper.when_current([](const auto&) {});
    answer();
    ASSERT_NE(keeper.current(), nullptr);
  }
  void look_and_answer() {
    keeper.look();
    while (!asked.empty()) answer();
  }
};

bool has_table(const std::shared_ptr<const catalog::Catalog>& catalog, std::string_view name) {
  return catalog && catalog->relation("public", name) != nullptr;
}

const auto kNothing = [](const catalog::Change&) { return false; };

TEST(CatalogKeeper, ReadsOnceForAllWhoWait) {
  Server server;
  EXPECT_EQ(server.keeper.current(), nullptr);
  EXPECT_EQ(server.keeper.latest(), nullptr);
  std::vector<std::shared_ptr<const catalog::Catalog>> told;
  for (int i = 0; i < 3; ++i) {
    server.keeper.when_current([&](auto known) {
      ASSERT_TRUE(known.has_value());
      told.push_back(*known);
    });
  }
  ASSERT_THAT(server.asked, SizeIs(1)) << "one question for three";
  EXPECT_EQ(server.asked[0].text, catalog::load_query(true)) << "the first time all of it";
  EXPECT_THAT(told, IsEmpty());
  const uint64_t before = server.keeper.version();
  server.answer();
  ASSERT_THAT(told, SizeIs(3));
  EXPECT_TRUE(has_table(told[0], "orders"));
  EXPECT_EQ(told[0], told[2]);
  EXPECT_EQ(server.keeper.current(), told[0]);
  EXPECT_NE(server.keeper.version(), before);

  server.keeper.when_current([&](auto known) { told.push_back(*known); });
  EXPECT_THAT(told, SizeIs(4)) << "at once, it is known";
  EXPECT_THAT(server.asked, IsEmpty());
  EXPECT_THAT(server.drifts, IsEmpty()) << "the first reading is no change";
}

TEST(CatalogKeeper, IsBuiltElsewhere) {
  Server server;
  bool told = false;
  server.keeper.when_current([&](const auto&) { told = true; });
  server.take().answered(server.contents());
  EXPECT_FALSE(told);
  EXPECT_EQ(server.keeper.current(), nullptr);
  ASSERT_THAT(server.elsewhere, SizeIs(1));
  server.build();
  EXPECT_TRUE(told);
}

TEST(CatalogKeeper, NobodyIsJudgedByWhatWasBeforeAChange) {
  Server server;
  server.read_first();
  const uint64_t before = server.keeper.version();
  server.keeper.change_started();
  EXPECT_NE(server.keeper.current(), nullptr) << "not over yet: what is committed is still so";
  server.tables.emplace_back("items");
  server.keeper.change_ended(true, [](const auto& change) { return change.name == "items"; });
  EXPECT_EQ(server.keeper.current(), nullptr);
  EXPECT_NE(server.keeper.version(), before);
  EXPECT_FALSE(has_table(server.keeper.latest(), "items"));
  EXPECT_THAT(server.asked, IsEmpty()) << "read when somebody needs it";

  bool told = false;
  server.keeper.when_current([&](auto known) { told = has_table(*known, "items"); });
  ASSERT_THAT(server.asked, SizeIs(1));
  EXPECT_EQ(server.asked[0].text, catalog::load_query(false)) << "the system's part is known";
  server.answer();
  EXPECT_TRUE(told);
  EXPECT_TRUE(has_table(server.keeper.current(), "items"));
  EXPECT_NE(server.keeper.current()->relation("pg_catalog", "pg_class"), nullptr);
  EXPECT_THAT(server.drifts, IsEmpty());
}

TEST(CatalogKeeper, AChangeThatDidNotTakeEffectChangesNothing) {
  Server server;
  server.read_first();
  const uint64_t before = server.keeper.version();
  server.keeper.change_started();
  server.keeper.change_ended(false, nullptr);
  EXPECT_NE(server.keeper.current(), nullptr);
  EXPECT_EQ(server.keeper.version(), before);
}

TEST(CatalogKeeper, AChangeWhileItReadsMakesItReadAgainBeforeAnybodyIsTold) {
  Server server;
  server.read_first();
  server.keeper.change_started();
  server.keeper.change_ended(true, kNothing);
  bool told = false;
  server.keeper.when_current([&](auto known) {
    told = true;
    EXPECT_TRUE(has_table(*known, "second"));
  });
  // Answered as before the second change, which is over by the time the answer is built.
  const auto first = server.take();
  const auto old = server.contents();
  server.keeper.change_started();
  server.tables.emplace_back("second");
  server.keeper.change_ended(true, [](const auto& change) { return change.name == "second"; });
  first.answered(old);
  server.build();
  EXPECT_FALSE(told) << "that is not current any more";
  EXPECT_EQ(server.keeper.current(), nullptr);
  ASSERT_THAT(server.asked, SizeIs(1));
  server.answer();
  EXPECT_TRUE(told);
  EXPECT_THAT(server.drifts, IsEmpty()) << "its explanation has been kept for the second reading";
}

TEST(CatalogKeeper, DriftIsFoundAndToldOnce) {
  Server server;
  server.read_first();
  server.look_and_answer();
  EXPECT_THAT(server.drifts, IsEmpty());
  server.type = "bigint";
  server.look_and_answer();
  ASSERT_THAT(server.drifts, SizeIs(1));
  ASSERT_THAT(server.drifts[0], SizeIs(1));
  EXPECT_THAT(server.drifts[0][0], HasSubstr("public.orders.a"));
  EXPECT_THAT(server.drifts[0][0], HasSubstr("integer -> bigint"));
  EXPECT_EQ(server.keeper.current()->relation("public", "orders")->columns[0].type_name, "bigint");
  server.look_and_answer();
  EXPECT_THAT(server.drifts, SizeIs(1));
}

TEST(CatalogKeeper, OnlyWhatAStatementExplainsIsNoDrift) {
  Server server;
  server.read_first();
  server.keeper.change_started();
  server.tables = {"orders", "explained", "unexplained"};
  server.keeper.change_ended(
      true, [](const auto& change) { return change.name.starts_with("explained"); });
  server.keeper.when_current([](const auto&) {});
  server.answer();
  ASSERT_THAT(server.drifts, SizeIs(1));
  for (const auto& line : server.drifts[0]) EXPECT_THAT(line, HasSubstr("public.unexplained"));
  // An explanation serves one reading.
  server.tables = {"orders", "unexplained"};
  server.look_and_answer();
  EXPECT_THAT(server.drifts, SizeIs(2)) << "it did not explain that it would go again";
}

TEST(CatalogKeeper, WhileAStatementChangesTheSchemaNothingIsCalledDrift) {
  Server server;
  server.read_first();
  server.keeper.change_started();
  server.tables.emplace_back("items");
  server.keeper.look();
  EXPECT_THAT(server.asked, IsEmpty());
  server.keeper.change_ended(true, [](const auto& change) { return change.name == "items"; });
  server.look_and_answer();
  EXPECT_THAT(server.drifts, IsEmpty());
}

TEST(CatalogKeeper, AChangeThatBeganWhileItLookedIsNoDrift) {
  Server server;
  server.read_first();
  server.keeper.look();
  server.keeper.change_started();
  server.tables.emplace_back("items");
  server.answer();
  EXPECT_THAT(server.asked, IsEmpty()) << "the fingerprint may be of what is under way";
  EXPECT_THAT(server.drifts, IsEmpty());
  server.keeper.change_ended(true, [](const auto& change) { return change.name == "items"; });
  server.keeper.when_current([](const auto&) {});
  server.answer();
  EXPECT_THAT(server.drifts, IsEmpty());
}

TEST(CatalogKeeper, AFailureIsToldAndTheNextOneWhoAsksTriesAgain) {
  Server server;
  std::string problem;
  server.keeper.when_current([&](auto known) {
    ASSERT_FALSE(known.has_value());
    problem = known.error().text;
  });
  server.take().answered(fail(ErrorCode::kUnavailable, "the server is away"));
  EXPECT_EQ(problem, "the server is away");
  EXPECT_EQ(server.keeper.current(), nullptr);
  bool told = false;
  server.keeper.when_current([&](auto known) { told = known.has_value(); });
  ASSERT_THAT(server.asked, SizeIs(1));
  server.answer();
  EXPECT_TRUE(told);
}

TEST(CatalogKeeper, WhatVanishedWhileItReadMakesItReadAgain) {
  Server server;
  int told = 0;
  server.keeper.when_current([&](auto known) { told += known.has_value() ? 1 : 100; });
  for (int i = 0; i < 3; ++i) {
    server.take().answered(fail(ErrorCode::kNotFound, "could not open relation with OID 17256"));
    EXPECT_EQ(told, 0);
    ASSERT_THAT(server.asked, SizeIs(1));
  }
  server.answer();
  EXPECT_EQ(told, 1);
}

TEST(CatalogKeeper, SomethingThatAlwaysVanishesIsAFailureInTheEnd) {
  Server server;
  for (int round = 0; round < 2; ++round) {
    std::string problem;
    server.keeper.when_current([&](auto known) { problem = known.error().text; });
    for (int i = 0; i < 100 && !server.asked.empty(); ++i) {
      server.take().answered(fail(ErrorCode::kNotFound, "cache lookup failed"));
    }
    EXPECT_EQ(problem, "cache lookup failed");
    EXPECT_THAT(server.asked, IsEmpty());
  }
}

TEST(CatalogKeeper, AnswersThatMakeNoCatalogAreAFailure) {
  Server server;
  bool failed = false;
  server.keeper.when_current([&](auto known) { failed = !known.has_value(); });
  server.take().answered(std::vector<catalog::Rows>{{{"just this"}}});
  server.build();
  EXPECT_TRUE(failed);
  EXPECT_EQ(server.keeper.current(), nullptr);
}

TEST(CatalogKeeper, AfterAFailureTheOldOneIsStillNotCurrent) {
  Server server;
  server.read_first();
  server.keeper.change_started();
  server.keeper.change_ended(true, kNothing);
  bool failed = false;
  server.keeper.when_current([&](auto known) { failed = !known.has_value(); });
  server.take().answered(fail(ErrorCode::kUnavailable, "away"));
  EXPECT_TRUE(failed);
  EXPECT_EQ(server.keeper.current(), nullptr);
  EXPECT_TRUE(has_table(server.keeper.latest(), "orders"));
}

TEST(CatalogKeeper, AFailureWhileSomethingElseChangedLeavesNobodyWaiting) {
  Server server;
  server.read_first();
  server.keeper.change_started();
  server.keeper.change_ended(true, kNothing);
  bool told = false;
  server.keeper.when_current([&](const auto&) { told = true; });
  const auto question = server.take();
  server.keeper.change_started();
  server.keeper.change_ended(true, kNothing);
  question.answered(fail(ErrorCode::kUnavailable, "away"));
  EXPECT_TRUE(told || !server.asked.empty());
}

TEST(CatalogKeeper, WhatCouldNotBeReadWholeIsReadAgainAndTellsOfNoChanges) {
  Server server;
  server.read_first();
  server.complete = false;
  server.tables.emplace_back("items");
  server.look_and_answer();
  ASSERT_NE(server.keeper.current(), nullptr) << "it is judged by: unknown parts are refused";
  EXPECT_FALSE(server.keeper.current()->complete());
  EXPECT_THAT(server.drifts, IsEmpty());
  server.complete = true;
  server.look_and_answer();
  EXPECT_TRUE(server.keeper.current()->complete());
  ASSERT_THAT(server.drifts, SizeIs(1)) << "compared with the last that was whole";
  EXPECT_THAT(server.drifts[0][0], HasSubstr("public.items"));
}

TEST(CatalogKeeper, AnUnreadableFingerprintChangesNothing) {
  Server server;
  server.read_first();
  const uint64_t before = server.keeper.version();
  for (const auto& answer :
       {std::vector<catalog::Rows>{}, std::vector<catalog::Rows>{{}},
        std::vector<catalog::Rows>{{{kNull}}}, std::vector<catalog::Rows>{{{"a"}, {"b"}}}}) {
    server.keeper.look();
    ASSERT_THAT(server.asked, SizeIs(1));
    server.take().answered(answer);
    EXPECT_EQ(server.keeper.version(), before);
  }
  server.keeper.look();
  server.take().answered(fail(ErrorCode::kUnavailable, "away"));
  EXPECT_NE(server.keeper.current(), nullptr);
  server.keeper.look();
  EXPECT_THAT(server.asked, SizeIs(1)) << "and it goes on looking";
}

TEST(CatalogKeeper, LooksOnceAtATimeAndNotBeforeItHasRead) {
  Server server;
  server.keeper.look();
  EXPECT_THAT(server.asked, IsEmpty());
  server.read_first();
  server.keeper.look();
  server.keeper.look();
  EXPECT_THAT(server.asked, SizeIs(1));
}

TEST(CatalogKeeper, LooksAtOnceForWhatItDoesNotHave) {
  Server server;
  server.read_first();
  const auto now = Clock::now();
  int told = 0;
  bool found = false;
  const auto tell = [&](const auto& known) {
    ++told;
    found = known && has_table(*known, "fresh");
  };
  ASSERT_TRUE(server.keeper.doubt(tell, now));
  server.answer();
  EXPECT_EQ(told, 1);
  EXPECT_FALSE(found) << "it is not there";
  EXPECT_FALSE(server.keeper.doubt(tell, now + std::chrono::milliseconds(900))) << "just looked";

  server.tables.push_back("fresh");
  ASSERT_TRUE(server.keeper.doubt(tell, now + std::chrono::seconds(2)));
  server.answer();
  EXPECT_EQ(told, 1) << "until it has been read";
  server.answer();
  EXPECT_EQ(told, 2);
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace sluice::gateway
