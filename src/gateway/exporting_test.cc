#include "gateway/exporting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/server_identity.h"
#include "sql/analyse.h"

namespace sluice::gateway {
namespace {

using testing::HasSubstr;

std::shared_ptr<const sql::StatementFacts> facts(std::string_view text) {
  return sql::analyse(text, {}, {});
}

TEST(Stated, IsReadAsItIsSet) {
  EXPECT_EQ(plainly_set("SET sluice.dataset = 'churn 2026'", "sluice.dataset"), "churn 2026");
  EXPECT_EQ(plainly_set("set session SLUICE.DATASET to 'x';", "sluice.dataset"), "x");
  EXPECT_EQ(plainly_set("SET sluice.dataset TO churn_2026", "sluice.dataset"), "churn_2026");
  EXPECT_EQ(plainly_set("SET sluice.dataset TO 2026", "sluice.dataset"), std::nullopt);
  EXPECT_EQ(plainly_set("RESET sluice.dataset", "sluice.dataset"), "");
  EXPECT_EQ(plainly_set("SET sluice.dataset = 'x'", "sluice.model"), std::nullopt);
  EXPECT_EQ(plainly_set("SET LOCAL sluice.dataset = 'x'", "sluice.dataset"), std::nullopt);
  EXPECT_EQ(stated_in(*facts("SET sluice.model = 'x'")), "sluice.model");
  EXPECT_EQ(stated_in(*facts("SELECT set_config('sluice.purpose', 'x', true)")), "sluice.purpose");
  EXPECT_EQ(stated_in(*facts("SET sluice.model = 'x'; SET sluice.dataset = 'y'")), "*");
  EXPECT_EQ(stated_in(*facts("SET work_mem = '1MB'")), "");
  EXPECT_TRUE(is_stated("Sluice.Purpose"));
  EXPECT_FALSE(is_stated("sluice.user"));
  EXPECT_TRUE(is_statable("Überlingen 2026"));
  EXPECT_FALSE(is_statable("a\nb"));
  EXPECT_FALSE(is_statable("\xff"));
  EXPECT_FALSE(is_statable(std::string(201, 'x')));
}

TEST(Exporting, WhatIsData) {
  for (const char* text :
       {"SELECT a FROM t", "TABLE t", "COPY t TO STDOUT", "COPY (SELECT a FROM t) TO STDOUT",
        "WITH x AS (SELECT a FROM t) SELECT 1 FROM x", "UPDATE t SET a = 1 RETURNING a",
        "FETCH ALL FROM c", "EXECUTE p", "SELECT count(*) FROM t"})
    EXPECT_TRUE(returns_data(*facts(text))) << text;
  for (const char* text :
       {"SELECT 1", "SHOW work_mem", "SET work_mem = '1MB'", "BEGIN", "INSERT INTO t VALUES (1)",
        "EXPLAIN SELECT a FROM t", "COPY t FROM STDIN", "PREPARE p AS SELECT a FROM t",
        "DECLARE c CURSOR FOR SELECT a FROM t"})
    EXPECT_FALSE(returns_data(*facts(text))) << text;
}

TEST(Exporting, WhatLeavesWithoutReceiptIsRefused) {
  const Stated named{"training", "d", ""};
  const auto problem = [](const char* text, const Stated& stated) {
    const auto why = no_receipt_for(*facts(text), stated);
    return why ? why->message : std::string();
  };
  EXPECT_EQ(problem("SELECT a FROM t", named), "");
  EXPECT_EQ(problem("SELECT a FROM t", {"support", "", ""}), "") << "none is due";
  EXPECT_EQ(problem("SELECT 1", {"training", "", ""}), "");
  EXPECT_THAT(problem("SELECT a FROM t", {"training", "", ""}), HasSubstr("name of a data set"));
  EXPECT_THAT(problem("SELECT a FROM t; SELECT 1", named), HasSubstr("one statement"));
  EXPECT_THAT(problem("COPY t TO '/tmp/x'", named), HasSubstr("files or programs"));
  EXPECT_THAT(problem("COPY t TO PROGRAM 'cat'", named), HasSubstr("files or programs"));
}

TEST(Exporting, AStateIsExactOnlyWhereTheSnapshotStays) {
  const auto answer = [](const char* isolation, bool same) {
    return snapshot_of({{{"0/16B3748", "733:733:", isolation, "f"}}}, same);
  };
  EXPECT_TRUE(answer("repeatable read", true)->exact);
  EXPECT_TRUE(answer("serializable", true)->exact);
  EXPECT_FALSE(answer("repeatable read", false)->exact);
  EXPECT_FALSE(answer("read committed", true)->exact);
  EXPECT_EQ(snapshot_of({{{"0/1", std::nullopt, "read committed", "f"}}}, true), std::nullopt);
  EXPECT_EQ(snapshot_of({}, true), std::nullopt);
}

}  // namespace
}  // namespace sluice::gateway
