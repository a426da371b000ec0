#include "control/model_rules.h"

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

TEST(ModelRules, AModelIsADatabaseOfItsOwn) {
  const auto target = ModelRules::target_of("claude");
  EXPECT_EQ(target.database, "models/claude");
  EXPECT_EQ(target.environment, "models");
}

TEST(ModelRules, TokensAreTheProvidersOwn) {
  const auto used =
      tokens_of({{"input_tokens", 10}, {"output_tokens", 5}, {"stop", "end"}}, 9000, 9000);
  EXPECT_EQ(used.input, 10U);
  EXPECT_EQ(used.output, 5U);
  const auto cached = tokens_of(
      {{"input_tokens", 10}, {"cached_input_tokens", 7}, {"output_tokens", 0}, {"stop", "end"}}, 1,
      1);
  EXPECT_EQ(cached.input, 17U);
  EXPECT_EQ(cached.output, 0U);
}

TEST(ModelRules, OfAnAnswerWithoutItsEndBytesCount) {
  EXPECT_EQ(tokens_of({{"output_tokens", 1}}, 1, 300).output, 100U);
  EXPECT_EQ(tokens_of({{"output_tokens", 500}}, 1, 300).output, 500U);
  EXPECT_EQ(tokens_of({{"output_tokens", 1}, {"stop", "end"}, {"broken_off", true}}, 1, 300).output,
            100U);
}

TEST(ModelRules, WhereNothingIsToldBytesCount) {
  const auto used = tokens_of({{"text", "hello"}}, 10, 301);
  EXPECT_EQ(used.input, 4U);
  EXPECT_EQ(used.output, 101U);
  const auto wrong = tokens_of({{"input_tokens", -1}, {"output_tokens", "many"}}, 3, 3);
  EXPECT_EQ(wrong.input, 1U);
  EXPECT_EQ(wrong.output, 1U);
}

}  // namespace
}  // namespace sluice::control
