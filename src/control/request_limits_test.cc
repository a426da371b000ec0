#include "control/request_limits.h"

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

TEST(RequestLimits, ABurstThenARateEachForThemselves) {
  RequestLimits limits;
  auto now = Clock::time_point{} + std::chrono::hours(1);
  for (int i = 0; i < 40; ++i) EXPECT_EQ(limits.take("alice", 10, now), Duration::zero()) << i;
  const Duration wait = limits.take("alice", 10, now);
  EXPECT_GT(wait, Duration::zero());
  EXPECT_LE(wait, std::chrono::milliseconds(100));
  EXPECT_EQ(limits.take("bob", 10, now), Duration::zero());
  now += wait;
  EXPECT_EQ(limits.take("alice", 10, now), Duration::zero());
  EXPECT_GT(limits.take("alice", 10, now), Duration::zero());
}

TEST(RequestLimits, NobodyIsForgottenWhoHasSpentTheirs) {
  RequestLimits limits;
  const auto now = Clock::time_point{} + std::chrono::hours(1);
  for (int i = 0; i < 4; ++i) (void)limits.take("alice", 1, now);
  for (int i = 0; i < 5000; ++i) (void)limits.take("user " + std::to_string(i), 1, now);
  EXPECT_GT(limits.take("alice", 1, now), Duration::zero());
}

}  // namespace
}  // namespace sluice::control
