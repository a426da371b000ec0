#include "sql/literals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Literals, StringsAndNumbersOfEverySpelling) {
  EXPECT_THAT(
      literals("UPDATE t SET a = 'it''s', b = E'x', c = $q$d'd$q$, d = 12.5, e = $$$$ -- 'no'"),
      ElementsAre("it's", "x", "d'd", "12.5", ""));
  EXPECT_THAT(literals("SELECT \"a\", $1, b /* 'no' */"), IsEmpty());
}

TEST(Literals, WhatIsNotClosedEndsWithTheText) {
  EXPECT_THAT(literals("SELECT 'abc"), ElementsAre("abc"));
  EXPECT_THAT(literals("SELECT '"), ElementsAre(""));
  EXPECT_EQ(literals("SELECT $a$bc").size(), 1U);
}

}  // namespace
}  // namespace sluice::sql
