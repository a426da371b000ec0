#include "gateway/identified.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

identity::User user(std::string name, std::vector<std::string> groups, bool disabled = false) {
  identity::User made;
  made.name = std::move(name);
  made.groups = std::move(groups);
  made.disabled = disabled;
  return made;
}

identity::Credential credential(std::vector<std::string> actors = {}) {
  identity::Credential made;
  made.id = "k1";
  made.user = "robot";
  made.expires_micros = 1000;
  made.assurance = {"oidc", "https://idp", "gold", {"otp"}, 77};
  made.actors = std::move(actors);
  return made;
}

TEST(Identified, OfAPasswordTheMomentCountsOfACredentialWhenItWasGot) {
  const identity::Directory all({user("robot", {"a", "b"})}, 1);
  const auto& robot = *all.find("robot");
  const auto by_password = principal_of(all, robot, nullptr, "scram-sha-256", 500);
  EXPECT_EQ(by_password.authentication, "scram-sha-256");
  EXPECT_EQ(by_password.authenticated_micros, 500);
  const auto known = credential();
  const auto by_credential = principal_of(all, robot, &known, "scram-sha-256", 500);
  EXPECT_EQ(by_credential.authentication, "oidc");
  EXPECT_EQ(by_credential.authenticated_micros, 77);
  EXPECT_EQ(by_credential.issuer, "https://idp");
  EXPECT_EQ(by_credential.acr, "gold");
  EXPECT_EQ(by_credential.credential, "k1");
  EXPECT_THAT(by_credential.groups, ElementsAre("a", "b"));
}

TEST(Identified, WhoActsForOthersHasOnlyWhatAllOfThemHave) {
  const identity::Directory all({user("robot", {"a", "b", "c"}), user("broker", {"c", "b"}),
                                 user("alice", {"b", "c", "d"}), user("zoe", {"b"})},
                                1);
  const auto& robot = *all.find("robot");
  const auto groups = [&](std::vector<std::string> actors) {
    const auto known = credential(std::move(actors));
    const auto principal = principal_of(all, robot, &known, "", 0);
    EXPECT_EQ(principal.kind, policy::PrincipalKind::kAgent);
    return principal.groups;
  };
  EXPECT_THAT(groups({"robot", "alice"}), ElementsAre("b", "c"));
  EXPECT_THAT(groups({"robot", "broker", "zoe"}), ElementsAre("b"));
  EXPECT_THAT(groups({"robot", "of another house", "alice"}), ElementsAre("b", "c"));
  EXPECT_THAT(groups({"robot", "nobody"}), IsEmpty());
}

TEST(Identified, NobodyIsWelcomeWithWhatIsOver) {
  const identity::Directory all({user("robot", {}), user("alice", {}), user("gone", {}, true)}, 1);
  const auto& robot = *all.find("robot");
  const auto why = [&](const identity::Credential& known, int64_t now = 500) {
    const auto found = not_welcome(all, robot, &known, "orders", now);
    return found ? found->why : std::string();
  };
  EXPECT_FALSE(not_welcome(all, robot, nullptr, "orders", 500));
  EXPECT_TRUE(not_welcome(all, *all.find("gone"), nullptr, "orders", 500));
  EXPECT_EQ(why(credential()), "");
  EXPECT_THAT(why(credential(), 1000), HasSubstr("expired"));
  auto changed = credential();
  changed.revoked_micros = 5;
  EXPECT_THAT(why(changed), HasSubstr("revoked"));
  changed = credential();
  changed.databases = {"hr"};
  EXPECT_THAT(why(changed), HasSubstr("not for this database"));
  EXPECT_EQ(why(credential({"robot", "alice"})), "");
  EXPECT_THAT(why(credential({"robot", "gone"})), HasSubstr("gone or disabled"));
  EXPECT_THAT(why(credential({"robot", "nobody"})), HasSubstr("gone or disabled"));
  EXPECT_THAT(why(credential({"robot", "gone", "alice"})), HasSubstr("is disabled"));
}

TEST(Identified, Threat20_WhatActsForSomebodyDoesNotServeTheNextOfTheName) {
  auto alice = user("alice", {});
  alice.created_micros = 20;
  const identity::Directory all({user("robot", {}), alice}, 1);
  auto known = credential({"robot", "alice"});
  known.created_micros = 10;
  const auto why = not_welcome(all, *all.find("robot"), &known, "orders", 500);
  ASSERT_TRUE(why);
  EXPECT_THAT(why->why, HasSubstr("somebody else's by now"));
  known.created_micros = 20;
  EXPECT_FALSE(not_welcome(all, *all.find("robot"), &known, "orders", 500));
  // Who acts for them is looked at anew.
  auto before = alice;
  before.created_micros = 5;
  const identity::Directory then({user("robot", {}), before}, {known}, 1);
  const identity::Directory now({user("robot", {}), alice}, {known}, 2);
  const auto principal = principal_of(now, *now.find("robot"), &known, "", 500);
  EXPECT_FALSE(same_identity(then, now, principal, "orders"));
}

TEST(Identified, RulesAreAskedForEachOfAChainAsTheyAreByThemselves) {
  auto alice = user("alice", {"b", "c"});
  alice.attributes = {{"team", "data"}};
  auto robot = user("robot", {"a", "b"});
  robot.kind = identity::UserKind::kAgent;
  const identity::Directory all({robot, alice, user("broker", {"z"})}, 1);
  const auto chain = [&](std::vector<std::string> actors) {
    const auto known = credential(std::move(actors));
    return principal_of(all, *all.find("robot"), &known, "", 0).chain;
  };
  const policy::Identity first{"robot", {"a", "b"}, policy::PrincipalKind::kAgent, {}, false};
  const policy::Identity last{
      "alice", {"b", "c"}, policy::PrincipalKind::kHuman, {{"team", "data"}}, false};
  EXPECT_THAT(*chain({"robot", "alice"}), ElementsAre(first, last));
  EXPECT_EQ(chain({"robot", "broker", "of another house", "alice"})->size(), 3U);
  EXPECT_THAT(chain({"robot", "nobody"})->back().groups, IsEmpty());
  EXPECT_EQ(chain({}), nullptr);
  EXPECT_EQ(principal_of(all, *all.find("alice"), nullptr, "", 0).chain, nullptr);
}

TEST(Identified, AnEndUserOfThisGatewayIsOneOfTheChain) {
  const identity::Directory all(
      {user("robot", {"a", "b"}), user("alice", {"b", "c"}), user("gone", {"a", "b"}, true)}, 1);
  const auto chain = [&](const std::string& end_user) {
    auto robot = principal_of(all, *all.find("robot"), nullptr, "scram-sha-256", 500);
    limit_to_end_user(all, end_user, robot);
    return robot.chain;
  };
  ASSERT_NE(chain("alice"), nullptr);
  EXPECT_THAT(chain("alice")->front().groups, ElementsAre("a", "b")) << "the service's own";
  EXPECT_THAT(chain("alice")->back().groups, ElementsAre("b", "c"));
  EXPECT_TRUE(chain("alice")->back().behind_service);
  EXPECT_THAT(chain("gone")->back().groups, IsEmpty());
  EXPECT_EQ(chain("somebody outside"), nullptr);
  EXPECT_EQ(chain("robot"), nullptr);
}

TEST(Identified, AServiceActsForSomebodyWithTheGroupsOfBoth) {
  const identity::Directory all(
      {user("robot", {"a", "b"}), user("alice", {"b", "c"}), user("gone", {"a", "b"}, true)}, 1);
  const auto groups_for = [&](const std::string& end_user) {
    auto robot = principal_of(all, *all.find("robot"), nullptr, "scram-sha-256", 500);
    limit_to_end_user(all, end_user, robot);
    EXPECT_EQ(robot.end_user, end_user);
    return robot.groups;
  };
  EXPECT_THAT(groups_for("alice"), ElementsAre("b"));
  EXPECT_THAT(groups_for("gone"), IsEmpty());
  EXPECT_THAT(groups_for("somebody outside"), ElementsAre("a", "b"));
  auto robot = user("robot", {});
  EXPECT_FALSE(may_assert(robot));
  robot.assertion_key = SecretString("key");
  EXPECT_FALSE(may_assert(robot));
  robot.kind = identity::UserKind::kService;
  EXPECT_TRUE(may_assert(robot));
}

TEST(Identified, AStrongerCredentialIsNoticed) {
  auto known = credential();
  const identity::Directory before({user("robot", {})}, {known}, 1);
  known.assurance.authenticated_micros = 78;
  const identity::Directory after({user("robot", {})}, {known}, 2);
  policy::Principal robot;
  robot.user = "robot";
  EXPECT_TRUE(same_identity(before, after, robot));
  robot.credential = "k1";
  EXPECT_TRUE(same_identity(before, before, robot));
  EXPECT_FALSE(same_identity(before, after, robot));
}

TEST(Identified, AChangeOfAnybodyInTheChainIsNoticed) {
  const identity::Directory before({user("robot", {"a"}), user("alice", {"a"}), user("bob", {})},
                                   1);
  policy::Principal robot;
  robot.user = "robot";
  robot.actors = {"robot", "alice"};
  EXPECT_TRUE(same_identity(before, before, robot));
  const identity::Directory other({user("robot", {"a"}), user("alice", {"a"}), user("bob", {"a"})},
                                  2);
  EXPECT_TRUE(same_identity(before, other, robot));
  const identity::Directory less({user("robot", {"a"}), user("alice", {}), user("bob", {})}, 3);
  EXPECT_FALSE(same_identity(before, less, robot));
}

identity::Grant grant(int64_t number, std::string user, std::vector<std::string> groups,
                      std::string acts_for = {}) {
  return {number, std::move(user), std::move(acts_for), "writer", "orders", std::move(groups),
          1000};
}

TEST(Identified, GrantsAddTheirGroupsThereAndUntilTheirEnd) {
  const identity::Directory all({user("alice", {"a"})}, {}, 1, {grant(3, "alice", {"w", "a"})});
  const auto& alice = *all.find("alice");
  const auto at = [&](const Place& place) {
    return principal_of(all, alice, nullptr, "", 0, place);
  };
  EXPECT_THAT(at({"orders", 999}).groups, ElementsAre("a", "w"));
  EXPECT_THAT(at({"orders", 999}).grants, ElementsAre("3 writer"));
  EXPECT_THAT(at({"orders", 1000}).groups, ElementsAre("a"));
  EXPECT_THAT(at({"orders", 1000}).grants, IsEmpty());
  EXPECT_EQ(next_end(all, at({"orders", 0}), {"orders", 0}), 1000);
  EXPECT_EQ(next_end(all, at({"orders", 0}), {"orders", 1000}), INT64_MAX);
}

TEST(Identified, Threat62_AGrantIsForOneDatabase) {
  const identity::Directory all({user("alice", {"a"})}, {}, 1, {grant(3, "alice", {"w"})});
  EXPECT_THAT(principal_of(all, *all.find("alice"), nullptr, "", 0, {"payroll", 0}).groups,
              ElementsAre("a"));
  EXPECT_THAT(principal_of(all, *all.find("alice"), nullptr, "", 0).groups, ElementsAre("a"));
}

TEST(Identified, Threat62_NobodyHasByAGrantWhatTheirPersonHasNot) {
  const auto groups = [&](std::vector<identity::Grant> grants, std::vector<std::string> actors) {
    const identity::Directory all({user("robot", {"a", "b"}), user("alice", {"a"})}, {}, 1,
                                  std::move(grants));
    const auto known = credential(std::move(actors));
    return principal_of(all, *all.find("robot"), &known, "", 0, {"orders", 0}).groups;
  };
  EXPECT_THAT(groups({grant(1, "robot", {"w"})}, {"robot", "alice"}), ElementsAre("a"));
  EXPECT_THAT(groups({grant(1, "alice", {"b"})}, {"robot", "alice"}), ElementsAre("a", "b"));
  EXPECT_THAT(groups({grant(1, "alice", {"w"})}, {"robot", "alice"}), ElementsAre("a"));
  EXPECT_THAT(groups({grant(1, "robot", {"w"}), grant(2, "alice", {"w"})}, {"robot", "alice"}),
              ElementsAre("a", "w"));
  // Asked for in somebody's name, it counts in that name alone.
  EXPECT_THAT(groups({grant(1, "robot", {"w"}, "alice")}, {}), ElementsAre("a", "b"));
  EXPECT_THAT(groups({grant(1, "robot", {"w"})}, {}), ElementsAre("a", "b", "w"));
}

TEST(Identified, GrantsOfAllInTheChainAreNamedAndTheNextOfThemEnds) {
  auto sooner = grant(2, "alice", {"b"});
  sooner.until_micros = 500;
  const identity::Directory all({user("robot", {"a", "b"}), user("alice", {"a"})}, {}, 1,
                                {grant(1, "robot", {"w"}, "alice"), sooner});
  const auto known = credential({"robot", "alice"});
  const Place place{"orders", 0};
  const auto robot = principal_of(all, *all.find("robot"), &known, "", 0, place);
  EXPECT_THAT(robot.grants, ElementsAre("1 writer", "2 writer"));
  EXPECT_EQ(next_end(all, robot, place), 500);
}

TEST(Identified, Threat62_OfAnEndUserGroupsCountThatAreTheirsForGood) {
  const identity::Directory all({user("app", {"a", "w"}), user("alice", {"a"})}, {}, 1,
                                {grant(1, "alice", {"w"}), grant(2, "app", {"v"})});
  auto app = principal_of(all, *all.find("app"), nullptr, "", 0, {"orders", 0});
  EXPECT_THAT(app.groups, ElementsAre("a", "w", "v"));
  limit_to_end_user(all, "alice", app);
  EXPECT_THAT(app.groups, ElementsAre("a"));
}

TEST(Identified, AGrantThatComesOrGoesMakesSomebodyElse) {
  const identity::Directory before({user("alice", {"a"})}, 1);
  const identity::Directory after({user("alice", {"a"})}, {}, 2, {grant(3, "alice", {"w"})});
  const auto alice = principal_of(before, *before.find("alice"), nullptr, "", 0);
  EXPECT_FALSE(same_identity(before, after, alice, "orders"));
  EXPECT_TRUE(same_identity(before, after, alice, "payroll"));
  EXPECT_TRUE(same_identity(after, after, alice, "orders"));
}

}  // namespace
}  // namespace sluice::gateway
