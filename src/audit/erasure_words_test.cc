#include "audit/erasure_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ErasureWords, StandUntilTheyAreTakenBack) {
  const std::vector<Erasure> some = {{5, 9}, {12, 12}}, other = {{5, 9}};
  ErasureWords words;
  EXPECT_TRUE(words.add(20, format_erasure(some, "rule")));
  EXPECT_TRUE(words.add(30, format_erasure(other, "request")));
  EXPECT_FALSE(words.add(31, "not erased yet: 20 record(s) of a.seg"));
  EXPECT_THAT(words.standing(), ElementsAre(some[0], some[1], other[0]));
  // Found in another order than they were told.
  EXPECT_TRUE(words.add(40, format_withdrawal(other, "kept by the legal hold \"case\"")));
  EXPECT_THAT(words.standing(), ElementsAre(some[0], some[1]));
  EXPECT_TRUE(words.add(35, format_erasure(other, "once more")));
  EXPECT_THAT(words.standing(), ElementsAre(some[0], some[1], other[0]))
      << "one withdrawal takes back one word: the last before it";
  ErasureWords later;
  EXPECT_TRUE(later.add(50, format_withdrawal(other, "held")));
  EXPECT_TRUE(later.add(60, format_withdrawal(some, "held")));
  words.add(later);
  EXPECT_THAT(words.standing(), IsEmpty());
}

TEST(ErasureWords, NothingIsTakenBackBeforeItIsTold) {
  const std::vector<Erasure> range = {{1, 2}};
  ErasureWords words;
  EXPECT_TRUE(words.add(10, format_withdrawal(range, "held")));
  EXPECT_TRUE(words.add(11, format_erasure(range, "request")));
  EXPECT_THAT(words.standing(), ElementsAre(range[0]));
}

TEST(ErasureWords, AnAttemptIsNoWord) {
  const std::string text = format_refused({1, 2}, "request 17", {ErrorCode::kDenied, "it is held"});
  EXPECT_EQ(text, "refused to erase records 1 to 2: it is held; asked for: request 17");
  EXPECT_FALSE(ErasureWords().add(10, text));
}

}  // namespace
}  // namespace sluice::audit
