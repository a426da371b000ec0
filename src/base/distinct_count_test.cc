#include "base/distinct_count.h"

#include <cmath>
#include <random>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sluice {
namespace {

RC_GTEST_PROP(DistinctCount, IsExactUpToItsBound, (uint64_t seed)) {
  std::mt19937_64 random(seed);
  std::set<uint64_t> all;
  DistinctCount count(1000);
  for (int i = 0; i < 5000; ++i) {
    // Values come again and again.
    const uint64_t hash = (random() % 900) * 0x9E3779B97F4A7C15U;
    all.insert(hash);
    count.add(hash);
  }
  RC_ASSERT(count.exact());
  RC_ASSERT(count.count() == all.size());
  RC_ASSERT(count.count() == all.size());
}

TEST(DistinctCount, BeyondItIsAnEstimateInBoundedMemory) {
  std::mt19937_64 random(1);
  DistinctCount count(1 << 14);
  size_t most = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    count.add(random());
    most = std::max(most, count.kept());
  }
  EXPECT_FALSE(count.exact());
  EXPECT_LE(most, size_t{1} << 15);
  EXPECT_NEAR(static_cast<double>(count.count()), 1e6, 5e4);
}

TEST(DistinctCount, ARangeIsTheHashThatLiesInIt) {
  DistinctCount count(1000);
  count.add(50);
  count.add(40, 60);
  EXPECT_EQ(count.count(), 1U);
  count.add(61, 70);
  count.add(65, 90);
  EXPECT_EQ(count.count(), 2U);
  // 66 lies in both that were taken for one; 62 does not.
  count.add(66);
  EXPECT_EQ(count.count(), 2U);
  count.add(62);
  EXPECT_EQ(count.count(), 3U);
  EXPECT_FALSE(count.exact());
}

TEST(DistinctCount, NothingIsNone) {
  DistinctCount count(1000);
  EXPECT_EQ(count.count(), 0U);
  EXPECT_TRUE(count.exact());
}

}  // namespace
}  // namespace sluice
