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
                              {"orders", "production"}, now, {lint, {}});
}

TEST(AutomaticApproval, BackwardCompatible) {
  const auto policy = policy_of(
      "{ name: wait, effect: hold, do: [schema_change], approve: { by: [dba], automatic: { who: { "
      "groups: [dba] }, backward_compatible: true } } }");
  const auto decide_on = [&](const Objections& objections) {
    return decide_automatically(*policy->rules().front().approve, {}, nullptr, dora(),
                                {"orders", "production"}, {}, objections);
  };
  EXPECT_TRUE(decide_on({{"lint is not asked for"}, {}}).approved);
  const auto refused = decide_on({{}, {"ALTER TABLE: column \"x\" is dropped"}});
  EXPECT_FALSE(refused.approved);
  EXPECT_THAT(refused.evidence, Contains(HasSubstr("\"x\" is dropped")));
}

TEST(AutomaticApproval, OnlyForWhoIsVerifiedAsTheRuleDemands) {
  EXPECT_TRUE(decide(dora(), 60).approved);
  EXPECT_FALSE(decide(dora(), 3600).approved);
  EXPECT_TRUE(decide(dora(), -60).approved) << "clocks differ a little";
  EXPECT_FALSE(decide(dora(), -7200).approved) << "the clock was set back: nobody knows how old";
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

struct Verified {
  const char* when;
  const char* claim;  ///< value of device_managed; null: the token has none
  const char* issuer;
  const char* address;
  int64_t hour;  ///< of 2026-11-25, a Wednesday, UTC
  bool approved;
};

class VerifiedTest : public ::testing::TestWithParam<Verified> {};

TEST_P(VerifiedTest, EachConditionIsLookedAt) {
  const Verified& is = GetParam();
  const auto policy = policy_of(
      "{ name: wait, effect: hold, do: [drop], approve: { by: [dba], automatic: { who: { groups: "
      "[dba] }, when: " +
      std::string(is.when) + " } } }");
  ASSERT_TRUE(policy);
  Principal principal = dora();
  principal.issuer = is.issuer;
  if (is.claim != nullptr) principal.claims = {{"device_managed", is.claim}};
  Circumstances now;
  constexpr int64_t kDay = 1'795'564'800;  // 2026-11-25T00:00:00Z
  now.now_micros = (kDay + is.hour * 3600) * 1'000'000;
  now.authenticated_micros = now.now_micros - 1'000'000;
  now.client_address = is.address;
  const auto done = decide_automatically(*policy->rules().front().approve, {}, nullptr, principal,
                                         {"orders", "production"}, now, {});
  EXPECT_EQ(done.approved, is.approved) << ::testing::PrintToString(done.evidence);
  EXPECT_FALSE(done.evidence.empty()) << "what was looked at is told";
}

constexpr const char* kIssuer = "https://id.example";
constexpr const char* kByIssuer = "{ authentication: { issuer: [https://id.example] } }";
constexpr const char* kByDevice = "{ authentication: { claims: { device_managed: 'true' } } }";
constexpr const char* kByNetwork = "{ client: [10.0.0.0/8] }";
constexpr const char* kByTime =
    "{ time: { days: [mon-fri], from: '09:00', to: '17:00', zone: UTC } }";
constexpr const char* kByDays =
    "{ time: { days: [sat, sun], from: '09:00', to: '17:00', zone: UTC } }";

INSTANTIATE_TEST_SUITE_P(
    Conditions, VerifiedTest,
    ::testing::Values(Verified{kByIssuer, nullptr, kIssuer, "10.1.2.3", 10, true},
                      Verified{kByIssuer, nullptr, "https://id.example.evil", "10.1.2.3", 10,
                               false},
                      Verified{kByIssuer, nullptr, "", "10.1.2.3", 10, false},
                      Verified{kByDevice, "true", kIssuer, "10.1.2.3", 10, true},
                      Verified{kByDevice, "false", kIssuer, "10.1.2.3", 10, false},
                      Verified{kByDevice, nullptr, kIssuer, "10.1.2.3", 10, false},
                      Verified{kByNetwork, nullptr, kIssuer, "10.1.2.3", 10, true},
                      Verified{kByNetwork, nullptr, kIssuer, "192.0.2.1", 10, false},
                      Verified{kByNetwork, nullptr, kIssuer, "", 10, false},
                      Verified{kByTime, nullptr, kIssuer, "10.1.2.3", 10, true},
                      Verified{kByTime, nullptr, kIssuer, "10.1.2.3", 3, false},
                      Verified{kByTime, nullptr, kIssuer, "10.1.2.3", 17, false},
                      Verified{kByDays, nullptr, kIssuer, "10.1.2.3", 10, false}));

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
