#include "sql/plan_estimate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sql/sample_catalog.h"

namespace sluice::sql {
namespace {

TEST(PlanEstimate, RowsOfTheTopNode) {
  EXPECT_EQ(estimated_rows(R"([{"Plan": {"Node Type": "Seq Scan", "Plan Rows": 1234}}])"), 1234);
}

TEST(PlanEstimate, AWriteChangesWhatItsChildrenFind) {
  EXPECT_EQ(estimated_rows(R"([{"Plan": {"Node Type": "ModifyTable", "Plan Rows": 0, "Plans": [
      {"Node Type": "Index Scan", "Plan Rows": 7}]}}])"),
            7);
}

TEST(PlanEstimate, WritesCountWhereverTheyStand) {
  const std::string update =
      R"({"Node Type": "ModifyTable", "Parent Relationship": "InitPlan", "Subplan Name": "CTE x",
          "Plan Rows": 0, "Plans": [{"Node Type": "Seq Scan", "Parent Relationship": "Outer",
          "Plan Rows": 400}]})";
  EXPECT_EQ(estimated_rows(R"([{"Plan": {"Node Type": "Result", "Plan Rows": 1, "Plans": [)" +
                           update + ", " + update + "]}}]"),
            800);
  // A rule adds a statement.
  EXPECT_EQ(estimated_rows(R"([{"Plan": {"Node Type": "ModifyTable", "Plan Rows": 0, "Plans": [
      {"Node Type": "Result", "Plan Rows": 1}]}}, {"Plan": {"Node Type": "ModifyTable",
      "Plan Rows": 0, "Plans": [{"Node Type": "Seq Scan", "Plan Rows": 990}]}}])"),
            991);
}

TEST(PlanEstimate, RowsThatBecomeOneValueCount) {
  const auto of = [](std::string_view type, std::string_view more, std::string_view below) {
    return fmt::format(R"([{{"Plan": {{"Node Type": "{}", "Plan Rows": 1, {} "Plans": [{}]}}}}])",
                       type, more, below);
  };
  const std::string scan =
      R"({"Node Type": "Seq Scan", "Parent Relationship": "Outer", "Plan Rows": 1000})";
  EXPECT_EQ(estimated_rows(of("Aggregate", "", scan)), 1000);
  EXPECT_EQ(estimated_rows(of("WindowAgg", "", scan)), 1000);
  EXPECT_EQ(estimated_rows(of("Limit", "", scan)), 1) << "it takes no more of them";
  EXPECT_EQ(estimated_rows(of("Result", "", R"({"Node Type": "Seq Scan", "Plan Rows": 1000,
      "Parent Relationship": "InitPlan", "Subplan Name": "InitPlan 1"})")),
            1000)
      << "ARRAY (SELECT …)";
  EXPECT_EQ(estimated_rows(of("CTE Scan", "", R"({"Node Type": "Seq Scan", "Plan Rows": 1000,
      "Parent Relationship": "InitPlan", "Subplan Name": "CTE x"})")),
            1)
      << "what scans it says how many it takes";
}

TEST(PlanEstimate, WhatRunsSeveralTimesCountsSoOften) {
  EXPECT_EQ(estimated_rows(R"([{"Plan": {"Node Type": "Nested Loop", "Plan Rows": 20, "Plans": [
      {"Node Type": "Seq Scan", "Parent Relationship": "Outer", "Plan Rows": 20},
      {"Node Type": "Aggregate", "Parent Relationship": "Inner", "Plan Rows": 1, "Plans": [
        {"Node Type": "Seq Scan", "Parent Relationship": "Outer", "Plan Rows": 50}]}]}}])"),
            1000);
  EXPECT_EQ(estimated_rows(R"([{"Plan": {"Node Type": "Aggregate", "Plan Rows": 1, "Plans": [
      {"Node Type": "Gather", "Parent Relationship": "Outer", "Plan Rows": 2,
       "Workers Planned": 2, "Plans": [
        {"Node Type": "Aggregate", "Parent Relationship": "Outer", "Plan Rows": 1, "Plans": [
          {"Node Type": "Seq Scan", "Parent Relationship": "Outer", "Plan Rows": 1000}]}]}]}}])"),
            2400);
}

Object table(const char* name, bool reached) {
  return {0, "public", name, catalog::RelationKind::kTable, false, reached};
}

TEST(PlanEstimate, CodeMayChangeMoreThanThePlanTells) {
  const auto catalog = SampleCatalog::make();
  const std::string plan =
      R"([{"Plan": {"Node Type": "ModifyTable", "Relation Name": "first", "Plan Rows": 0}}])";
  StatementFacts facts;
  facts.actions = {{ActionKind::kUpdate, "", {table("first", false)}},
                   {ActionKind::kUpdate, "", {table("other", true)}}};
  EXPECT_FALSE(code_changes_more(facts, *catalog, plan)) << "without code the plan tells all";
  facts.functions.push_back({1, "public", "f"});
  EXPECT_TRUE(code_changes_more(facts, *catalog, plan));
  facts.actions[1] = {ActionKind::kInsert, "", {table("log", true)}};
  EXPECT_FALSE(code_changes_more(facts, *catalog, plan)) << "triggers of a write log it";
  facts.actions.erase(facts.actions.begin());
  EXPECT_TRUE(code_changes_more(facts, *catalog, plan)) << "SELECT f()";
  facts.actions = {{ActionKind::kRead, "", {table("other", true)}}};
  EXPECT_FALSE(code_changes_more(facts, *catalog, plan));
}

TEST(PlanEstimate, NothingElseIsAnEstimate) {
  for (const char* text : {"", "x", "[]", "{}", R"([{"Plan": {}}])", R"([{"Plan": 4}])",
                           R"([{"Plan": {"Plan Rows": "many"}}])",
                           R"([{"Plan": {"Node Type": "ModifyTable", "Plan Rows": 5}}])"}) {
    EXPECT_FALSE(estimated_rows(text)) << text;
  }
}

}  // namespace
}  // namespace sluice::sql
