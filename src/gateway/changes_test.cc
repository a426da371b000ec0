#include "gateway/changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sluice::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

catalog::Row row(std::string schema, std::string table, std::string count) {
  return {std::move(schema), std::move(table), std::move(count)};
}

std::vector<catalog::Rows> answers(catalog::Rows counts, const std::string& counting = "on") {
  return {{{counting}}, std::move(counts)};
}

policy::Decision limited(std::optional<uint64_t> rows, std::optional<uint32_t> tables) {
  policy::Decision decision;
  decision.effect = policy::Effect::kAllow;
  decision.rule = "writers";
  if (rows) decision.limits.rows_changed = {*rows, "few-rows"};
  if (tables) decision.limits.tables_changed = {*tables, "few-tables"};
  return decision;
}

TEST(ReadChanges, TakesEveryTableOfUsers) {
  const auto changes =
      read_changes(answers({row("public", "orders", "3"), row("app", "a.b", "18446744073709551615"),
                            row("pg_temp_3", "mine", "7"), row("pg_toast", "pg_toast_1", "9"),
                            row("pg_catalog", "pg_class", "2")}));
  ASSERT_TRUE(changes.has_value());
  EXPECT_THAT(*changes, ElementsAre(Pair("app.a.b", UINT64_MAX), Pair("public.orders", 3U)));
}

TEST(ReadChanges, NoRowsAreNoChanges) {
  const auto changes = read_changes(answers({}));
  ASSERT_TRUE(changes.has_value());
  EXPECT_THAT(*changes, IsEmpty());
}

TEST(ReadChanges, OnlyTheLastTwoAnswersCount) {
  auto all = answers({row("public", "t", "1")});
  all.insert(all.begin(), catalog::Rows());  // BEGIN
  const auto changes = read_changes(all);
  ASSERT_TRUE(changes.has_value());
  EXPECT_THAT(*changes, ElementsAre(Pair("public.t", 1U)));
}

TEST(ReadChanges, WhatCannotBeReadIsNotTakenForNothing) {
  EXPECT_FALSE(read_changes({}));
  EXPECT_FALSE(read_changes({{{"on"}}})) << "an answer is missing";
  EXPECT_FALSE(read_changes(answers({}, "off"))) << "the server does not count";
  EXPECT_FALSE(read_changes({{}, {}}));
  EXPECT_FALSE(read_changes({{{std::nullopt}}, {}}));
  EXPECT_FALSE(read_changes({{{"on"}, {"on"}}, {}}));
  for (const char* count : {"", "-1", "1x", " 1", "0x10", "18446744073709551616"}) {
    EXPECT_FALSE(read_changes(answers({row("public", "t", count)}))) << count;
  }
  EXPECT_FALSE(read_changes(answers({{"public", "t", std::nullopt}})));
  EXPECT_FALSE(read_changes(answers({{std::nullopt, "t", "1"}})));
  EXPECT_FALSE(read_changes(answers({{"public", "t"}})));
}

TEST(ChangesBetween, IsWhatCameOnTop) {
  EXPECT_THAT(changes_between({}, {}), IsEmpty());
  EXPECT_THAT(changes_between({{"a", 2}, {"b", 5}}, {{"a", 7}, {"b", 5}, {"c", 1}}),
              ElementsAre(Pair("a", 5U), Pair("c", 1U)));
}

RC_GTEST_PROP(ChangesBetween, AddsUpToWhatTheServerCounts,
              (std::map<uint8_t, uint16_t> before, std::map<uint8_t, uint16_t> more)) {
  Changes from, to;
  for (const auto& [table, rows] : before) from[std::to_string(table)] = rows;
  to = from;
  for (const auto& [table, rows] : more) to[std::to_string(table)] += rows;
  uint64_t total = 0, expected = 0;
  for (const auto& [table, rows] : changes_between(from, to)) total += rows;
  for (const auto& [table, rows] : more) expected += rows;
  RC_ASSERT(total == expected);
}

TEST(OverLimit, AllowsExactlyTheLimit) {
  EXPECT_EQ(over_limit({}, limited(0, 0), "UPDATE"), nullptr);
  EXPECT_EQ(over_limit({{"a", 60}, {"b", 40}}, limited(100, 2), "UPDATE"), nullptr);
  EXPECT_NE(over_limit({{"a", 60}, {"b", 41}}, limited(100, 2), "UPDATE"), nullptr);
  EXPECT_NE(over_limit({{"a", 1}, {"b", 1}, {"c", 1}}, limited(100, 2), "UPDATE"), nullptr);
  EXPECT_EQ(over_limit({{"a", UINT32_MAX}}, limited({}, {}), "UPDATE"), nullptr) << "no limit";
}

TEST(OverLimit, TellsTheRuleTheTablesAndTheNextStep) {
  const auto over =
      over_limit({{"public.kids", 7}, {"public.o\"x", 95}}, limited(100, {}), "DELETE");
  ASSERT_NE(over, nullptr);
  EXPECT_FALSE(over->allowed());
  EXPECT_EQ(over->rule, "few-rows");
  EXPECT_EQ(over->sqlstate, "42501");
  EXPECT_EQ(
      over->message,
      "DELETE would change 102 rows, more than the 100 that rule \"few-rows\" allows: undone");
  EXPECT_THAT(over->detail, HasSubstr("public.kids: 7, public.o\"x: 95."));
  EXPECT_THAT(over->detail, HasSubstr(R"("rows_changed":{"public.kids":7,"public.o\"x":95})"));
  EXPECT_NE(over->hint, "");

  const auto tables = over_limit({{"a", 1}, {"b", 1}}, limited({}, 1), "MERGE");
  ASSERT_NE(tables, nullptr);
  EXPECT_EQ(tables->rule, "few-tables");
  EXPECT_EQ(tables->message,
            "MERGE would change 2 tables, more than the 1 that rule \"few-tables\" allows: undone");
}

TEST(OverLimit, SumsThatDoNotFitAreNoWayPast) {
  EXPECT_NE(over_limit({{"a", UINT64_MAX}, {"b", 1}}, limited(100, {}), "UPDATE"), nullptr);
}

}  // namespace
}  // namespace sluice::gateway
