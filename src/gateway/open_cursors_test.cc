#include "gateway/open_cursors.h"

#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

std::shared_ptr<const sql::StatementFacts> declaring(const std::string& name, bool held) {
  auto facts = std::make_shared<sql::StatementFacts>();
  facts->statements = 1;
  facts->actions.push_back({.kind = sql::ActionKind::kCursor});
  facts->results.emplace_back();
  facts->results.back().declares = name;
  facts->results.back().held = held;
  return facts;
}

std::shared_ptr<const policy::Decision> decided(const std::string& version) {
  auto decision = std::make_shared<policy::Decision>();
  decision->effect = policy::Effect::kAllow;
  decision->policy_version = version;
  return decision;
}

void declare(OpenCursors& opened, const std::string& name, bool held, const std::string& version,
             uint64_t whom) {
  const auto facts = declaring(name, held);
  const auto decision = decided(version);
  opened.open(*facts, *decision, false, whom);
  auto text = std::make_shared<const Statement>(
      Statement{std::make_shared<const Meaning>(facts, nullptr), {}});
  opened.declare(name, {text, 0, decision, whom});
}

TEST(OpenCursors, OneThatIsKnownByNameBindsNoOther) {
  OpenCursors opened;
  declare(opened, "c", true, "one", 1);
  opened.end_transaction();
  EXPECT_TRUE(opened.declared.contains("c"));
  EXPECT_EQ(opened.changed("two", 1), "") << "c itself is decided on anew";
}

TEST(OpenCursors, OfTooManyHeldOnesWhatTheyWereOpenedUnderIsKept) {
  OpenCursors opened;
  declare(opened, "c", true, "one", 1);
  for (size_t i = 0; i < OpenCursors::kMostDeclared; ++i)
    declare(opened, "other" + std::to_string(i), true, "one", 1);
  opened.end_transaction();
  EXPECT_FALSE(opened.declared.contains("c"));
  EXPECT_EQ(opened.changed("one", 1), "");
  EXPECT_EQ(opened.changed("two", 1), "the policy has");
  EXPECT_EQ(opened.changed("one", 2), "for whom this is has");
  opened.all_closed();
  EXPECT_EQ(opened.changed("two", 2), "");
}

TEST(OpenCursors, ThatEndWithTheirTransactionAreNotCounted) {
  OpenCursors opened;
  declare(opened, "c", true, "one", 1);
  for (size_t i = 0; i < 2 * OpenCursors::kMostDeclared; ++i) {
    declare(opened, "other" + std::to_string(i), false, "one", 1);
    if (i % 100 == 99) opened.end_transaction();
  }
  EXPECT_EQ(opened.declared.size(), 1U);
  EXPECT_EQ(opened.changed("two", 1), "");
}

TEST(OpenCursors, WhatCodeMayHaveOpenedIsKeptBeyondItsTransaction) {
  OpenCursors opened;
  auto facts = std::make_shared<sql::StatementFacts>();
  facts->dynamic_sql = true;
  opened.open(*facts, *decided("one"), false, 1);
  opened.end_transaction();
  EXPECT_EQ(opened.changed("two", 1), "the policy has");
  // Under one, then under two, and one again: something may have been opened under two.
  opened.open(*facts, *decided("two"), false, 1);
  opened.end_transaction();
  EXPECT_EQ(opened.changed("one", 1), "the policy, or for whom this is, has");
}

TEST(OpenCursors, AtCommitTheTightestOfAllThatWasPutOffHolds) {
  OpenCursors opened;
  policy::Limits limits;
  limits.bytes = policy::Bound<uint64_t>{2000, "bytes"};
  limits.rows_changed = policy::Bound<uint64_t>{3, "rows"};
  opened.put_off(limits, *decided("one"));
  ASSERT_TRUE(opened.at_commit);
  EXPECT_EQ(opened.at_commit->limits.bytes->most, 2000U);
  EXPECT_FALSE(opened.at_commit->limits.rows_changed) << "what it counts is no business of COMMIT";
  limits.bytes = policy::Bound<uint64_t>{1000, "fewer"};
  limits.duration = policy::Bound<Duration>{std::chrono::seconds(5), "soon"};
  opened.put_off(limits, *decided("one"));
  EXPECT_EQ(opened.at_commit->limits.bytes->rule, "fewer");
  EXPECT_EQ(opened.at_commit->limits.duration->rule, "soon");
  opened.end_transaction();
  EXPECT_FALSE(opened.at_commit);
}

}  // namespace
}  // namespace sluice::gateway
