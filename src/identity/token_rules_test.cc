#include "identity/token_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::identity {
namespace {

using std::chrono::days;
using ::testing::HasSubstr;

TEST(TokenRules, ScopesThatNothingAsksForAreRefused) {
  EXPECT_TRUE(check_token({}, days(30)));
  EXPECT_TRUE(check_token({"api", "mcp", "certificates"}, days(30)));
  const auto refused = check_token({"api", "bogus"}, days(30));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidInput);
  EXPECT_THAT(refused.error().text, HasSubstr("no scope \"bogus\"; there are api, approvals"));
}

TEST(TokenRules, NoTokenLivesForYears) {
  EXPECT_TRUE(check_token({}, days(366)));
  EXPECT_THAT(check_token({}, days(4000)).error().text, HasSubstr("at most 366d"));
}

}  // namespace
}  // namespace sluice::identity
