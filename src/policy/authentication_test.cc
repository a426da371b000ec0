#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/automatic.h"
#include "policy/match.h"
#include "policy/policy.h"
#include "policy/rule.h"
#include "policy/test_facts.h"

namespace sluice::policy {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

std::shared_ptr<const Policy> policy_of(const std::string& rule) {
  auto policy = Policy::parse("rules:\n  - " + rule + "\n", "p.yaml");
  EXPECT_TRUE(policy) << policy.error().text;
  return policy ? *policy : nullptr;
}

Principal dora() {
  Principal out;
  out.user = "dora";
  out.groups = {"dba"};
  out.authentication = "oidc";
  out.issuer = "https://id.example";
  out.acr = "silver";
  out.amr = {"pwd", "mfa"};
  return out;
}

bool matches(const std::string& authentication, const Principal& principal) {
  const auto policy = policy_of(
      "{ name: r, effect: allow, do: [read], when: { authentication: " + authentication + " } }");
  return matches_method(policy->rules().front().when, principal, nullptr) == Truth::kYes;
}

TEST(Authentication, EveryConditionMustHold) {
  EXPECT_TRUE(matches(
      "{ method: [oidc], issuer: [https://id.example], acr: [silver, gold], mfa: true }", dora()));
  EXPECT_FALSE(matches("{ method: [password] }", dora()));
  EXPECT_FALSE(matches("{ issuer: [https://id.example.evil] }", dora()));
  EXPECT_FALSE(matches("{ acr: [gold] }", dora()));
  EXPECT_FALSE(matches("{ mfa: false }", dora()));
}

TEST(Authentication, ClaimsOfTheToken) {
  Principal managed = dora();
  managed.claims = {{"device_managed", "true"}, {"device_os", "linux 6.1"}};
  EXPECT_TRUE(matches("{ claims: { device_managed: 'true', device_os: 'linux*' } }", managed));
  EXPECT_FALSE(matches("{ claims: { device_managed: 'true', device_os: windows } }", managed));
  EXPECT_FALSE(matches("{ claims: { device_managed: 'true' } }", dora())) << "not there";
  EXPECT_TRUE(matches("{ claims: { device_managed: '!true' } }", dora())) << "for rules that deny";
}

TEST(Authentication, LocalUsersHaveNoIssuerAndOneFactor) {
  Principal local;
  local.user = "alice";
  local.authentication = "scram-sha-256";
  EXPECT_FALSE(matches("{ issuer: [https://id.example] }", local));
  EXPECT_FALSE(matches("{ mfa: true }", local));
  EXPECT_TRUE(matches("{ mfa: false }", local));
}

Automatic decide(const Principal& principal, int64_t age_seconds,
                 const std::vector<std::string>& lint = {}) {
  const auto policy = policy_of(
      "{ name: wait, effect: hold, do: [drop], approve: { by: [dba], automatic: { who: { groups: "
      "[dba], kinds: [human] }, when: { authentication: { mfa: true, max_age: 15m } }, lint: clean "
      "} "
      "} }");
  Circumstances now;
  now.now_micros = 1'000'000'000'000'000;
  now.authenticated_micros = now.now_micros - age_seconds * 1'000'000;
  return decide_automatically(*policy->rules().front().approve, {}, nullptr, principal,
                              {"orders", "production"}, now, lint);
}

TEST(AutomaticApproval, OnlyForWhoIsVerifiedAsTheRuleDemands) {
  EXPECT_TRUE(decide(dora(), 60).approved);
  EXPECT_FALSE(decide(dora(), 3600).approved);
  Principal weak = dora();
  weak.amr = {"pwd"};
  const auto refused = decide(weak, 60);
  EXPECT_FALSE(refused.approved);
  EXPECT_THAT(refused.evidence, Contains(HasSubstr("mfa")));
  Principal agent = dora();
  agent.kind = PrincipalKind::kAgent;
  EXPECT_FALSE(decide(agent, 60).approved);
  Principal other = dora();
  other.groups = {"engineering"};
  EXPECT_FALSE(decide(other, 60).approved);
}

TEST(AutomaticApproval, AllReasonsAreTold) {
  Principal weak = dora();
  weak.amr.clear();
  const auto refused = decide(weak, 3600, {"rewrites the table"});
  EXPECT_THAT(refused.evidence, Contains(HasSubstr("dora")));
  EXPECT_THAT(refused.evidence, Contains(HasSubstr("mfa")));
  EXPECT_THAT(refused.evidence, Contains(HasSubstr("3600 s old, not")));
  EXPECT_THAT(refused.evidence, Contains("lint: rewrites the table"));
}

TEST(AutomaticApproval, WithoutConditionsPeopleDecide) {
  const auto policy = policy_of("{ name: wait, effect: hold, do: [drop], approve: { by: [dba] } }");
  EXPECT_FALSE(decide_automatically(*policy->rules().front().approve, {}, nullptr, dora(),
                                    {"orders", "production"}, {}, {})
                   .approved);
}

}  // namespace
}  // namespace sluice::policy
