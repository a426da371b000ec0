#include "base/bounded_cache.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(BoundedCache, StaysWithinItsBoundAndKeepsWhatIsUsed) {
  BoundedCache<int> cache(10'000);
  cache.insert("kept", std::make_shared<int>(7), 10);
  for (int i = 0; i < 1000; ++i) {
    cache.insert("key" + std::to_string(i), std::make_shared<int>(i), 100);
    ASSERT_NE(cache.find("kept"), nullptr);
    ASSERT_LE(cache.used_bytes(), 10'000U);
  }
  EXPECT_EQ(*cache.find("kept"), 7);
  EXPECT_EQ(cache.find("key0"), nullptr);
  EXPECT_EQ(*cache.find("key999"), 999);
}

TEST(BoundedCache, ReplacesAndErases) {
  BoundedCache<int> cache(10'000);
  cache.insert("k", std::make_shared<int>(1), 1);
  cache.insert("k", std::make_shared<int>(2), 1);
  EXPECT_EQ(cache.size(), 1U);
  EXPECT_EQ(*cache.find("k"), 2);
  cache.erase("k");
  EXPECT_EQ(cache.used_bytes(), 0U);
  cache.insert("huge", std::make_shared<int>(3), 20'000);
  EXPECT_EQ(cache.find("huge"), nullptr);
}

}  // namespace
}  // namespace sluice
