#include "sql/split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Split, DividesAsTheGrammarDoes) {
  EXPECT_THAT(split_statements("BEGIN; UPDATE t SET a = ';'; COMMIT"),
              ElementsAre("BEGIN", " UPDATE t SET a = ';'", " COMMIT"));
  EXPECT_THAT(split_statements("SELECT 1"), ElementsAre("SELECT 1"));
  EXPECT_THAT(split_statements("SELECT $$a;b$$ /* ; */;;; SELECT 'ä;ö';"),
              ElementsAre("SELECT $$a;b$$ /* ; */", " SELECT 'ä;ö'"));
  EXPECT_THAT(split_statements("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; "
                               "END; SELECT 3"),
              ElementsAre("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END",
                          " SELECT 3"));
}

TEST(Split, OfNothingAndOfWhatCannotBeParsed) {
  EXPECT_THAT(split_statements(""), IsEmpty());
  EXPECT_THAT(split_statements(" ; ;; -- nothing"), IsEmpty());
  EXPECT_THAT(split_statements("SELECT 1; SELEC 2"), IsEmpty());
}

}  // namespace
}  // namespace sluice::sql
