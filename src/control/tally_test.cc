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

TEST(Tally, AShareIsTakenWholeAndGivenBack) {
  Tally tally(5, 4);
  {
    TallyShare alice(tally, "alice"), bob(tally, "bob");
    EXPECT_FALSE(alice.take(5));
    EXPECT_TRUE(bob.take(4)) << "nothing is left of what was refused";
    EXPECT_FALSE(alice.take(2));
    bob.give_back();
    EXPECT_TRUE(alice.take(2));
    EXPECT_TRUE(bob.take(3));
  }
  EXPECT_TRUE(TallyShare(tally, "carol").take(4));
}

}  // namespace
}  // namespace sluice::control
