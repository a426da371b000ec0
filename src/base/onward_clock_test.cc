#include "base/onward_clock.h"

#include <thread>

#include <gtest/gtest.h>

namespace sluice {
namespace {

constexpr int64_t kHour = 3'600'000'000;

class OnwardClockTest : public testing::Test {
 protected:
  int64_t wall = 100 * kHour;
  OnwardClock clock{[this] { return wall; }};
};

TEST_F(OnwardClockTest, FollowsTheWallClockAhead) {
  EXPECT_GE(clock.now(), wall);
  wall += kHour;
  EXPECT_GE(clock.now(), wall);
  EXPECT_LT(clock.now(), wall + kHour / 60);
}

TEST_F(OnwardClockTest, Threat60_GoesOnFromTheLatestTimeThatItHasTold) {
  const int64_t before = clock.now();
  wall -= 3 * kHour;
  EXPECT_GE(clock.now(), before);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_GE(clock.now(), before + 20'000);
  // Also where it had been set ahead first: what was given then does not last until it is so late.
  wall += 5 * kHour;
  const int64_t ahead = clock.now();
  EXPECT_GE(ahead, wall);
  wall -= 2 * kHour;
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_GE(clock.now(), ahead + 20'000);
  EXPECT_LT(clock.now(), ahead + kHour);
}

TEST_F(OnwardClockTest, IsNotBeforeWhatSomebodyElseHasSeen) {
  clock.not_before(wall + kHour);
  EXPECT_GE(clock.now(), wall + kHour);
  clock.not_before(wall - kHour);
  EXPECT_GE(clock.now(), wall + kHour);
}

TEST_F(OnwardClockTest, KeepsPaceHoweverOftenItIsAsked) {
  const int64_t before = clock.now();
  const auto began = Clock::now();
  while (Clock::now() - began < std::chrono::milliseconds(20)) (void)clock.now();
  EXPECT_GE(clock.now(), before + 19'000);
}

}  // namespace
}  // namespace sluice
