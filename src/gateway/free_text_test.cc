#include "gateway/free_text.h"

#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

TEST(FreeText, WhatIsNotKnownCounts) {
  sql::StatementFacts facts;
  EXPECT_FALSE(returns_free_text(facts, nullptr, nullptr)) << "it returns nothing";
  sql::UsedColumn used;
  used.column = {catalog::kFirstUserOid + 1, 1};
  used.uses = sql::kUsedInPredicate;
  facts.columns = {used};
  EXPECT_FALSE(returns_free_text(facts, nullptr, nullptr)) << "a condition is no reading";
  facts.columns[0].uses = sql::kUsedInOutput;
  EXPECT_TRUE(returns_free_text(facts, nullptr, nullptr)) << "a relation that nobody knows";
  facts.columns[0].column.relation = 1259;
  EXPECT_FALSE(returns_free_text(facts, nullptr, nullptr)) << "the system's own catalogs";
  for (const auto risk : {sql::FunctionRisk::kUnknown, sql::FunctionRisk::kFile,
                          sql::FunctionRisk::kNetwork, sql::FunctionRisk::kDynamicSql}) {
    facts.functions = {{}};
    facts.functions[0].risk = risk;
    EXPECT_TRUE(returns_free_text(facts, nullptr, nullptr));
  }
  facts.functions.clear();
  facts.dynamic_sql = true;
  EXPECT_TRUE(returns_free_text(facts, nullptr, nullptr));
}

}  // namespace
}  // namespace sluice::gateway
