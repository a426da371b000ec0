#include "sql/plan_estimate.h"

#include <gtest/gtest.h>

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

TEST(PlanEstimate, NothingElseIsAnEstimate) {
  for (const char* text : {"", "x", "[]", "{}", R"([{"Plan": {}}])", R"([{"Plan": 4}])",
                           R"([{"Plan": {"Plan Rows": "many"}}])",
                           R"([{"Plan": {"Node Type": "ModifyTable", "Plan Rows": 5}}])"}) {
    EXPECT_FALSE(estimated_rows(text)) << text;
  }
}

}  // namespace
}  // namespace sluice::sql
