#include "audit/clock_watch.h"

#include <gtest/gtest.h>

namespace sluice::audit {
namespace {

TEST(ClockWatch, Threat57_TellsWhenTheClockIsSetAndNotWhenTimePasses) {
  ClockWatch watch;
  Moment now{Clock::time_point(std::chrono::hours(1)), 1'700'000'000'000'000};
  const auto after = [&](int64_t steady, int64_t wall) {
    now.steady += std::chrono::microseconds(steady);
    now.wall_micros += wall;
    return watch.look(now);
  };
  EXPECT_EQ(watch.look(now), "");
  EXPECT_EQ(after(3'600'000'000, 3'600'000'000), "");
  EXPECT_EQ(after(100'000, 1'000'000), "") << "small adjustments are no news";
  EXPECT_EQ(after(100'000, -3'599'900'000), "the clock was set back by 3600.000 s");
  EXPECT_EQ(after(100'000, 100'000), "");
  EXPECT_EQ(after(100'000, 86'400'100'000), "the clock was set ahead by 86400.000 s");
}

}  // namespace
}  // namespace sluice::audit
