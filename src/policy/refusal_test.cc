// What a refusal tells.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/policy.h"
#include "policy/test_facts.h"

namespace sluice::policy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kNoon = 1'750'000'000'000'000;

std::shared_ptr<const Judgement> judged(const std::string& rules) {
  const auto policy = Policy::parse("rules:\n" + rules, "test.yaml");
  EXPECT_TRUE(policy) << policy.error().text;
  Principal bob;
  bob.user = "bob";
  return judge(*policy, FactsOf().act(sql::ActionKind::kRead, "public.orders"), nullptr, bob,
               {"shop", "staging"});
}

TEST(Refusal, TellsWhatItsConditionsWereHeldAgainst) {
  const auto judgement = judged(
      "- {name: all, effect: allow}\n"
      "- {name: small, effect: deny, when: {estimated_rows: {more_than: 1000}}}\n");
  Circumstances now;
  now.estimated_rows = 12000;
  const auto first = judgement->decide(now);
  EXPECT_THAT(first->detail, HasSubstr("when estimated_rows: 12000 is more than 1000"));
  EXPECT_THAT(first->detail,
              HasSubstr(R"("when":{"estimated_rows":{"is":12000,"more_than":1000}})"));
  // The next one is held against its own.
  now.estimated_rows = 15000;
  EXPECT_THAT(judgement->decide(now)->detail, HasSubstr("15000"));
  now.estimated_rows.reset();
  EXPECT_THAT(judgement->decide(now)->detail, HasSubstr(R"("estimated_rows":{"is":null)"));
}

TEST(Refusal, TellsOfNetworkWindowAndAge) {
  const auto judgement = judged(
      "- {name: all, effect: allow}\n"
      "- {name: away, effect: deny, when: {client: [\"10.0.0.0/8\"], time: {zone: UTC}, "
      "authentication: {older_than: 1h}, application: [psql]}}\n");
  Circumstances now;
  now.now_micros = kNoon;
  now.authenticated_micros = kNoon - 7'200'000'000;
  now.client_address = "10.1.2.3";
  now.application = "psql";
  const std::string detail = judgement->decide(now)->detail;
  EXPECT_THAT(detail, HasSubstr("when client: 10.1.2.3 is in the networks"));
  EXPECT_THAT(detail, HasSubstr("when authentication: 7200 s old"));
  EXPECT_THAT(detail, HasSubstr(R"("when":{"time":{"zone":"UTC","in_window":true},)"
                                R"("client":"10.1.2.3","application":"psql",)"
                                R"("authentication":{"age_seconds":7200,)"
                                R"("older_than_seconds":3600}})"));
}

TEST(Refusal, OfWhatNoRuleAllowsTellsOfThoseThatWouldAtAnotherMoment) {
  const auto judgement = judged(
      "- {name: few, effect: allow, when: {estimated_rows: {at_most: 100}}}\n"
      "- {name: always-something-else, effect: allow, do: [insert]}\n");
  Circumstances now;
  now.estimated_rows = 5000;
  const auto decision = judgement->decide(now);
  EXPECT_EQ(decision->rule, "default-deny");
  EXPECT_THAT(decision->detail,
              HasSubstr("rule \"few\" would allow it: when estimated_rows: 5000 is not"));
  EXPECT_THAT(decision->detail, HasSubstr(R"("when":{"few":{"estimated_rows":{"is":5000)"));
  EXPECT_THAT(decision->detail, Not(HasSubstr("always-something-else")));
}

}  // namespace
}  // namespace sluice::policy
