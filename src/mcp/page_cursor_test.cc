#include "mcp/page_cursor.h"

#include <gtest/gtest.h>

namespace sluice::mcp {
namespace {

TEST(PageCursor, SaysWhereThePageBegins) {
  for (const size_t rows : {size_t{0}, size_t{1}, kFurthest})
    EXPECT_EQ(rows_before(page_cursor("a", "SELECT 1", rows), "a", "SELECT 1"), rows);
}

TEST(PageCursor, IsOfOneStatementAlone) {
  const std::string cursor = page_cursor("a", "SELECT 1", 10);
  EXPECT_FALSE(rows_before(cursor, "a", "SELECT 2"));
  EXPECT_FALSE(rows_before(cursor, "b", "SELECT 1"));
  EXPECT_FALSE(rows_before(page_cursor("aS", "ELECT 1", 10), "a", "SELECT 1"));
}

TEST(PageCursor, WhatIsNoneIsRefused) {
  const std::string good = page_cursor("a", "SELECT 1", 10);
  for (const std::string& bad :
       {std::string(), std::string("10"), std::string("-10"), std::string("10-"), "1" + good + "0",
        "+" + good, " " + good, "99999999999999999999999" + good})
    EXPECT_FALSE(rows_before(bad, "a", "SELECT 1")) << bad;
  const auto far = rows_before(page_cursor("a", "SELECT 1", kFurthest + 1), "a", "SELECT 1");
  ASSERT_FALSE(far);
  EXPECT_EQ(far.error().code, ErrorCode::kLimit);
}

}  // namespace
}  // namespace sluice::mcp
