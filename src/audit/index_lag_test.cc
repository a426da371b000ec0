#include "audit/index_lag.h"

#include <gtest/gtest.h>

namespace sluice::audit {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class IndexLagTest : public ::testing::Test {
 protected:
  const Clock::time_point start = Clock::now();
  IndexLag lag;
};

TEST_F(IndexLagTest, IsNoneWhileAllIsIndexed) {
  lag.begin(100);
  lag.saw(100, start);
  EXPECT_EQ(lag.behind(100, start + seconds(60)), Duration::zero());
  // One that came an hour later has waited since the log was last looked at, at most.
  lag.saw(100, start + seconds(3600));
  EXPECT_EQ(lag.behind(101, start + seconds(3600) + milliseconds(200)), milliseconds(200));
}

TEST_F(IndexLagTest, CountsFromWhenAllThatWasThereIsIndexed) {
  lag.begin(0);
  lag.saw(0, start);
  lag.saw(10, start + seconds(1));
  lag.saw(20, start + seconds(2));
  lag.saw(30, start + seconds(3));
  EXPECT_EQ(lag.behind(30, start + seconds(4)), seconds(4));
  lag.indexed(15);
  EXPECT_EQ(lag.behind(30, start + seconds(4)), seconds(3)) << "10 are, 20 are not";
  lag.indexed(20);
  EXPECT_EQ(lag.behind(30, start + seconds(4)), seconds(2));
  EXPECT_EQ(lag.indexed(), 20U);
  lag.indexed(30);
  EXPECT_EQ(lag.behind(30, start + seconds(4)), Duration::zero());
}

TEST_F(IndexLagTest, IsNeverTooLittleOfALongBacklog) {
  lag.begin(0);
  lag.saw(0, start);
  for (int second = 1; second <= 100'000; ++second)
    lag.saw(static_cast<uint64_t>(second), start + seconds(second));
  lag.indexed(50'000);
  EXPECT_GE(lag.behind(100'000, start + seconds(100'000)), seconds(50'000));
  lag.indexed(100'000);
  EXPECT_EQ(lag.behind(100'000, start + seconds(100'000)), Duration::zero());
}

}  // namespace
}  // namespace sluice::audit
