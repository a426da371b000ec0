#include "control/tally.h"

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

TEST(Tally, NobodyTakesAll) {
  Tally tally(5, 2);
  EXPECT_TRUE(tally.take("alice"));
  EXPECT_TRUE(tally.take("alice"));
  EXPECT_FALSE(tally.take("alice"));
  EXPECT_TRUE(tally.take("bob"));
  tally.give_back("alice");
  tally.give_back("carol");
  EXPECT_TRUE(tally.take("alice"));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(tally.take("")) << "of whom nothing is known";
  EXPECT_FALSE(tally.take("bob")) << "all are taken";
  tally.give_back("");
  EXPECT_TRUE(tally.take("bob"));
}

}  // namespace
}  // namespace sluice::control
