#include "agents/use_store.h"

#include <gtest/gtest.h>

#include "store/test_store.h"

namespace sluice::agents {
namespace {

constexpr int64_t kNow = 1'700'000'000'000'000;
constexpr int64_t kHour = 3600'000'000;

UseRow row_of(const std::string& gateway, const std::string& amounts) {
  return {gateway, "b1", "helper", kNow - 5, kNow + kHour, kNow, amounts};
}

class UseStoreTest : public store::StoreTest {};

TEST_P(UseStoreTest, OthersAreToldAndOneselfIsNot) {
  auto database = store_.open();
  ASSERT_TRUE(tell_use(database, {row_of("a", "rows=7")}, kNow));
  ASSERT_TRUE(tell_use(database, {row_of("b", "rows=9")}, kNow + 10));
  ASSERT_TRUE(tell_use(database, {row_of("a", "rows=8")}, kNow + 20));
  auto other = store_.open();
  const auto others = load_use(other, "b", 0, kNow);
  ASSERT_TRUE(others) << others.error().text;
  ASSERT_EQ(others->size(), 1U);
  EXPECT_EQ((*others)[0].gateway, "a");
  EXPECT_EQ((*others)[0].payer, "helper");
  EXPECT_EQ((*others)[0].amounts, "rows=8");
  EXPECT_EQ((*others)[0].end_micros, kNow + kHour);
  EXPECT_EQ(load_use(other, "c", kNow + 15, kNow)->size(), 1U) << "since when they were told";
  EXPECT_TRUE(load_use(other, "c", 0, kNow + 2 * kHour)->empty()) << "the span is over";
}

TEST_P(UseStoreTest, WhatCountsNoMoreIsForgotten) {
  auto database = store_.open();
  ASSERT_TRUE(tell_use(database,
                       {{"a", "b1", "x", 1, kNow - 1, kNow - 2, "rows=1"},
                        {"a", "b2", "x run 1", 0, 0, kNow - 2 * kHour, "rows=1"},
                        {"a", "b2", "x run 2", 0, 0, kNow, "rows=1"}},
                       kNow));
  ASSERT_TRUE(forget_use(database, kNow, kNow - kHour));
  const auto left = load_use(database, "b", 0, 0);
  ASSERT_TRUE(left);
  ASSERT_EQ(left->size(), 1U);
  EXPECT_EQ((*left)[0].payer, "x run 2");
}

SLUICE_FOR_EACH_STORE(UseStoreTest);

}  // namespace
}  // namespace sluice::agents
