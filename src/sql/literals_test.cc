#include "sql/literals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> values(std::string_view text) {
  std::vector<std::string> out;
  for (const Literal& literal : literals(text)) out.push_back(literal.value);
  return out;
}

TEST(Literals, StringsAndNumbersOfEverySpelling) {
  EXPECT_THAT(
      values("UPDATE t SET a = 'it''s', b = E'x', c = $q$d'd$q$, d = 12.5, e = $$$$ -- 'no'"),
      ElementsAre("it's", "x", "d'd", "12.5", ""));
  EXPECT_THAT(values("SELECT \"a\", $1, b /* 'no' */"), IsEmpty());
}

TEST(Literals, WhereTheyStandAndWhetherTheyAreWhatTheyLookLike) {
  const std::string text = "SELECT 'a''b', E'c', N'd', 'e\\', 7";
  std::vector<std::string> written;
  std::vector<bool> plain;
  for (const Literal& literal : literals(text)) {
    written.push_back(text.substr(literal.begin, literal.size));
    plain.push_back(literal.plain);
  }
  EXPECT_THAT(written, ElementsAre("'a''b'", "E'c'", "N'd'", "'e\\'", "7"));
  EXPECT_THAT(plain, ElementsAre(true, false, false, false, false));
}

TEST(Literals, WhatIsNotClosedEndsWithTheText) {
  EXPECT_THAT(values("SELECT 'abc"), ElementsAre("abc"));
  EXPECT_THAT(values("SELECT '"), ElementsAre(""));
  EXPECT_EQ(values("SELECT $a$bc").size(), 1U);
}

}  // namespace
}  // namespace sluice::sql
