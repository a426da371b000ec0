#include "sql/planner_cost.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/analyse.h"
#include "sql/sample_catalog.h"

namespace sluice::sql {
namespace {

using ::testing::ElementsAre;

std::shared_ptr<const StatementFacts> facts_of(std::string_view text) {
  return analyse(text, Settings(), Scope{SampleCatalog::make(), {"pg_catalog", "public"}});
}

Planned planned(std::string_view text) { return sql::planned(*facts_of(text)); }

TEST(PlannerCost, WhatHasAPlanThatIsToldBefore) {
  for (const char* text :
       {"SELECT 1", "VALUES (1)", "TABLE users", "INSERT INTO log VALUES (1)", "DELETE FROM users",
        "CREATE TABLE x AS SELECT 1", "DECLARE c CURSOR FOR SELECT 1", "EXECUTE p(1)",
        "WITH x AS (SELECT 1) TABLE x", "SELECT $1::int"})
    EXPECT_EQ(planned(text), Planned::kYes) << text;
}

TEST(PlannerCost, Threat95_WhatRunsOtherPlansIsNotKnown) {
  for (const char* text :
       {"COPY users TO STDOUT", "COPY (SELECT 1) TO STDOUT", "DO $$ BEGIN END $$", "CALL p()",
        "EXPLAIN ANALYZE SELECT 1", "EXPLAIN (ANALYZE true) SELECT 1", "SELECT 1; SELECT 2",
        "EXECUTE p($1)", "not sql", "REFRESH MATERIALIZED VIEW v"})
    EXPECT_EQ(planned(text), Planned::kUnknown) << text;
}

TEST(PlannerCost, WhatHasNoPlan) {
  for (const char* text : {"", "SHOW work_mem", "FETCH ALL c", "CLOSE c", "EXPLAIN SELECT 1",
                           "CREATE TABLE x (i int)", "PREPARE p AS SELECT 1", "DEALLOCATE p"})
    EXPECT_EQ(planned(text), Planned::kNothing) << text;
}

TEST(PlannerCost, ParametersAreCountedWhereverTheyStand) {
  EXPECT_EQ(facts_of("SELECT '$9'")->parameters, 0U);
  EXPECT_EQ(facts_of("SELECT $2::int LIMIT $3")->parameters, 3U);
  EXPECT_EQ(facts_of("INSERT INTO log VALUES ($1) RETURNING (SELECT $4::int)")->parameters, 4U);
}

TEST(PlannerCost, QuestionsOfTextsWithParameters) {
  const auto plain = plan_questions("SELECT 1 -- x", 0, {}, "p");
  EXPECT_THAT(plain.all, ElementsAre("EXPLAIN (FORMAT JSON) SELECT 1 -- x\n"));
  const auto with = plan_questions("SELECT $1, $2, $3", 3, {"\"pg_catalog\".\"int4\"", ""}, "p");
  ASSERT_EQ(with.all.size(), 5U);
  EXPECT_EQ(with.all[1],
            "PREPARE \"p\"(\"pg_catalog\".\"int4\", unknown, unknown) AS SELECT $1, $2, $3\n");
  EXPECT_EQ(with.all[with.plan_at], "EXPLAIN (FORMAT JSON) EXECUTE \"p\"(NULL, NULL, NULL)");
}

TEST(PlannerCost, OfTheWholePlan) {
  EXPECT_EQ(total_cost(R"([{"Plan": {"Node Type": "Seq Scan", "Total Cost": 12.5}}])"), 12.5);
  for (const char* text :
       {"", "x", "[]", "{}", R"([{"Plan": {}}])", R"([{"Plan": {"Total Cost": "much"}}])"})
    EXPECT_FALSE(total_cost(text)) << text;
}

}  // namespace
}  // namespace sluice::sql
