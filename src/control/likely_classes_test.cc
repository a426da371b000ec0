#include "control/likely_classes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::control {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(LikelyClasses, AreThoseOfTheWholeValue) {
  EXPECT_THAT(likely_classes("alice@example.com"), ElementsAre("email"));
  EXPECT_THAT(likely_classes("4111 1111 1111 1111"), ElementsAre("card_number"));
  EXPECT_THAT(likely_classes("zzz 17"), IsEmpty());
  EXPECT_THAT(likely_classes("write to alice@example.com"), IsEmpty());
}

}  // namespace
}  // namespace sluice::control
