#include "policy/rate.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::policy {
namespace {

using namespace std::chrono_literals;

TEST(RateLimiter, AMinutesWorthAtOnceThenAsTheyRefill) {
  RateLimiter limiter;
  const Clock::time_point start{1h};
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(limiter.take("bob", "r", 6, start)) << i;
  EXPECT_FALSE(limiter.take("bob", "r", 6, start));
  EXPECT_EQ(limiter.wait("bob", "r", 6, start), 10s);
  EXPECT_FALSE(limiter.take("bob", "r", 6, start + 9999ms));
  EXPECT_TRUE(limiter.take("bob", "r", 6, start + 10s));
  EXPECT_FALSE(limiter.take("bob", "r", 6, start + 10s));
  // Others have their own.
  EXPECT_TRUE(limiter.take("eve", "r", 6, start));
  EXPECT_TRUE(limiter.take("bob", "s", 6, start));
  EXPECT_EQ(limiter.wait("nobody", "r", 6, start), 0s);
}

TEST(RateLimiter, SeveralAtOnceAreTakenTogetherOrNotAtAll) {
  RateLimiter limiter;
  const Clock::time_point start{1h};
  EXPECT_TRUE(limiter.take("bob", "r", 6, start, 4));
  EXPECT_FALSE(limiter.take("bob", "r", 6, start, 3));
  EXPECT_EQ(limiter.wait("bob", "r", 6, start, 3), 10s);
  EXPECT_TRUE(limiter.take("bob", "r", 6, start, 2));
  EXPECT_FALSE(limiter.take("eve", "r", 6, start, 7)) << "there are never so many";
  EXPECT_EQ(limiter.wait("eve", "r", 6, start, 7), Duration::max());
  EXPECT_TRUE(limiter.take("eve", "r", 6, start, 6));
}

TEST(RateLimiter, IsBoundedAndForgetsTheIdle) {
  RateLimiter limiter;
  const Clock::time_point start{1h};
  for (size_t i = 0; i < 2 * RateLimiter::kMostBuckets; ++i)
    limiter.take("user" + std::to_string(i), "r", 60, start);
  EXPECT_LE(limiter.size(), RateLimiter::kMostBuckets);
  EXPECT_TRUE(limiter.take("late", "r", 60, start + 2min));
}

TEST(RateLimiter, CountsExactlyFromManyThreads) {
  RateLimiter limiter;
  const Clock::time_point now{1h};
  std::atomic<int> taken = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) taken += limiter.take("bob", "r", 1000, now) ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(taken, 1000);
}

}  // namespace
}  // namespace sluice::policy
