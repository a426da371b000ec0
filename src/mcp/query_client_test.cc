#include "mcp/query_client.h"

#include <gtest/gtest.h>

namespace sluice::mcp {
namespace {

TEST(QueryClient, WhatWasTakenInIsBeyondWhatMayBe) {
  EXPECT_FALSE(beyond(100, 200, 100));
  EXPECT_TRUE(beyond(100, 201, 100));
  EXPECT_TRUE(beyond(100, UINT64_MAX, 100));
}

TEST(QueryClient, ACountThatIsNotKnownOrLessIsNotBeyond) {
  EXPECT_FALSE(beyond(0, 5000, 100));
  EXPECT_FALSE(beyond(5000, 0, 100));
  EXPECT_FALSE(beyond(5000, 4999, 100));
}

}  // namespace
}  // namespace sluice::mcp
