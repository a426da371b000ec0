#include "policy/role.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/diff.h"

namespace sluice::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kRules = "rules:\n  - { name: all, effect: allow }\n";

std::shared_ptr<const Policy> read(const std::string& roles) {
  const auto policy = Policy::parse(kRules + roles, "p.yaml");
  EXPECT_TRUE(policy) << policy.error().text;
  return policy ? *policy : nullptr;
}

std::string problem(const std::string& role) {
  const auto policy = Policy::parse(kRules + ("roles:\n  - " + role + "\n"), "p.yaml");
  return policy ? "" : policy.error().text;
}

Principal alice() {
  Principal who;
  who.user = "alice";
  who.groups = {"engineering"};
  who.authentication = "totp";
  who.amr = {"pwd", "otp", "mfa"};
  return who;
}

constexpr const char* kWriter = R"(roles:
  - name: writer
    description: writes
    groups: [writers, loaders]
    who: { groups: [engineering], kinds: [human] }
    when: { authentication: { mfa: true, max_age: 1h } }
    on: { environments: [production] }
    at_most: 4h
    approve: { by: [dba], automatic: { who: { groups: [leads] } } }
    break_glass: { who: { groups: [on-call] }, review: { by: security, within: 2h } }
access_review: { by: [security] }
)";

TEST(Roles, AreReadWithTheirDefaults) {
  const auto policy = read(kWriter);
  const Role* writer = find_role(*policy, "writer");
  ASSERT_NE(writer, nullptr);
  EXPECT_EQ(find_role(*policy, "reader"), nullptr);
  EXPECT_THAT(writer->groups, ElementsAre("writers", "loaders"));
  EXPECT_EQ(writer->at_most, std::chrono::hours(4));
  EXPECT_THAT(writer->approve->stages.at(0).groups, ElementsAre("dba"));
  EXPECT_EQ(writer->break_glass->at_most, std::chrono::hours(1));
  EXPECT_EQ(writer->break_glass->review_within, std::chrono::hours(2));
  EXPECT_THAT(writer->break_glass->review_by, ElementsAre("security"));
  EXPECT_EQ(writer->line, 4);
  EXPECT_THAT(policy->access_reviewers(), ElementsAre("security"));
}

TEST(Roles, ProblemsAreSaidWithTheirPlace) {
  const std::string who = "who: { groups: [a] }";
  for (const auto& [role, text] : {
           std::pair<std::string, std::string>{"{ name: r, " + who + ", approve: { by: b } }",
                                               "p.yaml:4:5: groups: expected the groups"},
           {"{ name: r, groups: [\"*\"], " + who + ", approve: { by: b } }", "name of a group"},
           {"{ name: r, groups: [g], approve: { by: b } }", "who: expected who may have it"},
           {"{ name: r, groups: [g], " + who + " }", "needs approve or break_glass"},
           {"{ name: R, groups: [g], " + who + ", approve: { by: b } }", "is no name"},
           {"{ name: r, groups: [g], " + who + ", approve: { by: b }, at_most: 90d }", "to 30d"},
           {"{ name: r, groups: [g], " + who + ", approve: { by: b, max_rows: 3 } }",
            "max_rows is about statements"},
           {"{ name: r, groups: [g], " + who + ", approve: { by: b }, when: { lock: share } }",
            "lock: is about statements"},
           {"{ name: r, groups: [g], " + who + ", approve: { by: b }, on: { tables: [\"a.b\"] } }",
            "databases and environments"},
           {"{ name: r, groups: [g], " + who + ", break_glass: { " + who + " } }",
            "review: expected"},
           {"{ name: r, groups: [g], " + who + ", break_glass: { review: { by: s } } }",
            "who: expected who may have it"},
           {"{ name: r, group: g, " + who + ", approve: { by: b } }", "unknown"},
       }) {
    EXPECT_THAT(problem(role), HasSubstr(text)) << role;
  }
  const std::string one = "{ name: r, groups: [g], " + who + ", approve: { by: b } }";
  EXPECT_THAT(problem(one + "\n  - " + one),
              HasSubstr("p.yaml:5:5: role \"r\": the role in line 4"));
  EXPECT_EQ(problem(one), "");
}

TEST(Roles, AreAskedForByThoseTheyAreFor) {
  const auto policy = read(kWriter);
  const Role& writer = *find_role(*policy, "writer");
  const Target orders{"orders", "production"};
  Circumstances now;
  now.now_micros = 3'600'000'000;
  now.authenticated_micros = now.now_micros - 1'000'000;
  EXPECT_TRUE(may_ask(writer, false, alice(), orders, now));
  const auto why = [&](const Principal& who, const Target& where, bool glass = false) {
    const auto may = may_ask(writer, glass, who, where, now);
    return may ? "" : may.error().text;
  };
  EXPECT_THAT(why(alice(), {"orders", "staging"}), HasSubstr("is not for orders (staging)"));
  Principal other = alice();
  other.groups = {"sales"};
  EXPECT_THAT(why(other, orders), HasSubstr("alice is in sales, the rule wants engineering"));
  other = alice();
  other.kind = PrincipalKind::kAgent;
  EXPECT_THAT(why(other, orders), HasSubstr("agent"));
  other = alice();
  other.amr = {"pwd"};
  EXPECT_THAT(why(other, orders), HasSubstr("mfa"));
  EXPECT_THAT(why(alice(), orders, true), HasSubstr("the rule wants on-call"));
  other.groups = {"on-call"};
  EXPECT_EQ(why(other, orders, true), "");
  now.authenticated_micros = 0;
  EXPECT_FALSE(may_ask(writer, false, alice(), orders, now)) << "logged in too long ago";
}

TEST(Roles, AutomaticallyOnlyWhereAllOfItHolds) {
  const auto policy = read(kWriter);
  const Role& writer = *find_role(*policy, "writer");
  EXPECT_FALSE(decide_automatically(writer, alice(), {"orders", "production"}, {}).approved);
  Principal lead = alice();
  lead.groups.emplace_back("leads");
  const auto decided = decide_automatically(writer, lead, {"orders", "production"}, {});
  EXPECT_TRUE(decided.approved);
  EXPECT_FALSE(decided.evidence.empty());
}

TEST(Roles, StandInTheDifferenceOfTwoPolicies) {
  const auto before = read(kWriter);
  const auto after = read(std::string(kWriter).replace(std::string(kWriter).find("4h"), 2, "8h"));
  const auto changed = diff(*before, *after);
  ASSERT_EQ(changed.rules.size(), 1U);
  EXPECT_EQ(changed.rules[0].rule, "role writer");
  EXPECT_EQ(diff(*before, *read("")).rules.at(0).what, RuleChange::What::kRemoved);
}

}  // namespace
}  // namespace sluice::policy
