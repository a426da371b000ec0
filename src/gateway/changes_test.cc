#include "gateway/changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "sql/analyse.h"

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

/// A database of tables with what may follow from a write of them.
class CountedByTag : public ::testing::Test {
 protected:
  catalog::Relation& add(catalog::Oid oid, const std::string& name) {
    catalog::Relation& relation = contents.relations.emplace_back();
    relation.oid = oid;
    relation.schema = "public";
    relation.name = name;
    relation.columns.push_back({});
    relation.columns.back().number = 1;
    relation.columns.back().name = "id";
    return relation;
  }

  std::string table_of(std::string_view text) {
    contents.schemas = {"pg_catalog", "public"};
    const auto catalog = std::make_shared<const catalog::Catalog>(contents);
    const auto facts = sql::analyse(text, {}, {catalog, {"pg_catalog", "public"}});
    const auto* table = counted_by_tag(*facts, *catalog);
    return table == nullptr ? "" : table->name;
  }

  catalog::Catalog::Contents contents;
};

TEST_F(CountedByTag, WritesOfOneTableThatStandAlone) {
  add(20000, "t");
  add(20001, "u");
  for (const char* text :
       {"UPDATE t SET id = 1 WHERE id = 2", "DELETE FROM public.t", "INSERT INTO t VALUES (1), (2)",
        "INSERT INTO t SELECT id FROM u ON CONFLICT DO NOTHING", "COPY t FROM STDIN",
        "DELETE FROM t USING u WHERE t.id = u.id RETURNING *"}) {
    EXPECT_EQ(table_of(text), "t") << text;
  }
  for (const char* text :
       {"SELECT 1", "SELECT * FROM t", "COPY t TO STDOUT", "EXPLAIN ANALYZE DELETE FROM t",
        "DELETE FROM t; DELETE FROM t", "WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d",
        "WITH d AS (DELETE FROM t WHERE id = 1 RETURNING *) DELETE FROM t WHERE id = 2",
        "WITH d AS (DELETE FROM u RETURNING *) INSERT INTO t SELECT id FROM d",
        "MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN DELETE", "TRUNCATE t",
        "PREPARE p AS DELETE FROM t", "EXECUTE p", "DO $$BEGIN DELETE FROM t; END$$",
        "DELETE FROM missing", "UPDATE t SET id = missing(id)", "BEGIN", ""}) {
    EXPECT_EQ(table_of(text), "") << text;
  }
}

TEST_F(CountedByTag, NotWhereSomethingMayFollow) {
  add(20000, "t");
  add(20001, "with_trigger").triggers.emplace_back().enabled = 'O';
  add(20002, "with_rule").rules.emplace_back();
  add(20003, "parent").children = {20000};
  add(20004, "temporary").persistence = 't';
  add(20005, "viewed").kind = catalog::RelationKind::kView;
  add(20006, "partitioned").kind = catalog::RelationKind::kPartitionedTable;
  for (const char action : {'c', 'n', 'd'}) {
    add(20010, "referenced");
    catalog::Constraint key;
    key.type = 'f';
    key.referenced = 20010;
    key.on_delete = action;
    add(20011, "referencing").constraints.push_back(key);
    EXPECT_EQ(table_of("DELETE FROM referenced WHERE id = 1"), "") << action;
    key.on_delete = 'a';
    contents.relations.back().constraints = {key};
    EXPECT_EQ(table_of("DELETE FROM referenced WHERE id = 1"), "referenced");
    contents.relations.resize(contents.relations.size() - 2);
  }
  add(20012, "tree");
  catalog::Constraint key;
  key.type = 'f';
  key.referenced = 20012;
  key.on_delete = 'c';
  contents.relations.back().constraints = {key};
  for (const char* name :
       {"with_trigger", "with_rule", "parent", "temporary", "viewed", "partitioned", "tree"}) {
    EXPECT_EQ(table_of(std::string("DELETE FROM ") + name + " WHERE id = 1"), "") << name;
  }
  EXPECT_EQ(table_of("DELETE FROM t WHERE id = 1"), "t");
}

TEST(ReadChanges, TakesEveryTableOfUsers) {
  const auto changes = read_changes(
      answers({row("public", "orders", "3"), row("app", "a.b", "18446744073709551615")}));
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

TEST(ResetsCounts, WhatMakesTheServerBeginAnew) {
  const auto resets = [](std::string_view text) {
    return resets_counts(*sql::analyse(text, {}, {}));
  };
  EXPECT_TRUE(resets("TRUNCATE t"));
  EXPECT_TRUE(resets("TRUNCATE t; INSERT INTO t VALUES (1)"));
  EXPECT_TRUE(resets("DROP TABLE t; CREATE TABLE t (i int)"));
  EXPECT_FALSE(resets("INSERT INTO t VALUES (1)"));
  EXPECT_FALSE(resets("SAVEPOINT s"));
}

TEST(Uncountable, ABodyThatCommitsByItself) {
  const auto refused =
      uncountable(*sql::analyse("DO $$ BEGIN DELETE FROM t; COMMIT; END $$", {}, {}));
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->rule, "commits-by-itself");
  EXPECT_EQ(uncountable(*sql::analyse("DO $$ BEGIN DELETE FROM t; END $$", {}, {})), nullptr);
}

TEST(ChangesBetween, IsWhatCameOnTop) {
  EXPECT_THAT(changes_between({}, {}), IsEmpty());
  EXPECT_THAT(changes_between({{"a", 2}, {"b", 5}}, {{"a", 7}, {"b", 5}, {"c", 1}}),
              ElementsAre(Pair("a", 5U), Pair("c", 1U)));
}

TEST(ChangesBetween, OfATruncatedTableAreAllThatItCounts) {
  EXPECT_THAT(changes_between({{"a", 60}}, {{"a", 40}}), ElementsAre(Pair("a", 40U)));
  Changes before{{"public.t", 60}, {"public.u", 5}};
  const Changes after{{"public.t", 40}, {"public.u", 5}};
  count_truncated_anew(before, after,
                       *sql::analyse("TRUNCATE public.t; INSERT INTO public.t VALUES (1)", {}, {}));
  EXPECT_THAT(before, ElementsAre(Pair("public.u", 5U)));
}

TEST(ChangesBetween, TruncatingAloneChangesNoRow) {
  Changes before{{"public.t", 60}, {"public.u", 5}};
  const Changes after{{"public.t", 40}, {"public.u", 5}};
  count_truncated_anew(before, after, *sql::analyse("TRUNCATE public.t", {}, {}));
  EXPECT_THAT(changes_between(before, after), IsEmpty());
}

TEST(OverLimit, SaysWhatATextHasCommittedBefore) {
  const auto over = over_limit({{"a", 120}}, limited(100, 2), "UPDATE");
  ASSERT_NE(over, nullptr);
  EXPECT_TRUE(but_for_committed(*over)->message.ends_with(
      ": undone, but for what the text had committed before, which stands"));
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

TEST(OverLimit, TellsOfABudgetThatWasTheLimit) {
  auto decision = limited(100, {});
  decision.limits.rows_changed->rule = "budget written";
  const auto over = over_limit({{"a", 101}}, decision, "DELETE");
  ASSERT_NE(over, nullptr);
  EXPECT_EQ(over->sqlstate, "53400");
  EXPECT_THAT(over->hint, HasSubstr("what the budget has left"));
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
