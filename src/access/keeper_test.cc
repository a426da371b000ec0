#include "access/keeper.h"

#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "access/keeper_fixture.h"
#include "access/people.h"
#include "identity/credential_store.h"
#include "identity/user_store.h"
#include "store/state.h"
#include "store/test_store.h"

namespace sluice::access {
namespace {

TEST_P(KeeperTest, WhatIsApprovedIsInForceUntilItsEnd) {
  const auto asked = keeper->ask(asker("alice"), wish());
  ASSERT_TRUE(asked) << asked.error().text;
  EXPECT_EQ(asked->state, GrantState::kWaiting);
  EXPECT_THAT(in_force("alice"), IsEmpty());
  EXPECT_EQ(keeper->ask(asker("alice"), wish())->number, asked->number) << "asked for once";
  approve(*asked);
  look();
  const auto grant = *keeper->find(asked->number);
  EXPECT_EQ(grant.state, GrantState::kActive);
  EXPECT_EQ(grant.until_micros - grant.from_micros, 3'600'000'000);
  EXPECT_THAT(in_force("alice"), ElementsAre(grant.number));
  EXPECT_THAT(in_force("alice", "trial"), IsEmpty());
  EXPECT_THAT(in_force("bob"), IsEmpty());
  clock += 3'601'000'000;
  look();
  EXPECT_EQ(keeper->find(grant.number)->state, GrantState::kExpired);
  EXPECT_THAT(in_force("alice"), IsEmpty());
  EXPECT_THAT(recorded(), HasSubstr("grant sluice: grant 1 of alice: role \"writer\" at \"orders\" "
                                    "(groups writers, loaders) is in force until "));
}

TEST_P(KeeperTest, WhatNeedsNobodyIsInForceAtOnce) {
  const auto asked = keeper->ask(asker("alice"), wish(hours(1), "reader"));
  ASSERT_TRUE(asked) << asked.error().text;
  EXPECT_EQ(asked->state, GrantState::kActive);
  EXPECT_TRUE(desk->find(asked->request)->automatic);
}

TEST_P(KeeperTest, RejectedOrWithdrawnNothingComesOfIt) {
  const auto asked = keeper->ask(asker("alice"), wish());
  ASSERT_TRUE(desk->vote(asked->request, {"bob", approval::Verdict::kReject, "not today"}));
  look();
  const auto grant = keeper->find(asked->number);
  EXPECT_EQ(grant->state, GrantState::kRefused);
  EXPECT_THAT(grant->ended_why, HasSubstr("not today"));
  const auto again = keeper->ask(asker("alice"), wish());
  ASSERT_TRUE(keeper->give_back("alice", again->number, ""));
  EXPECT_EQ(desk->find(again->request)->state, approval::State::kWithdrawn);
}

TEST_P(KeeperTest, AskingIsForThoseWhomTheRoleIsFor) {
  EXPECT_THAT(why(keeper->ask(asker("sam"), wish())), HasSubstr("may not ask"));
  Wish other = wish();
  other.database = "trial";
  EXPECT_THAT(why(keeper->ask(asker("alice"), other)), HasSubstr("not for trial"));
  other.database = "nowhere";
  EXPECT_THAT(why(keeper->ask(asker("alice"), other)), HasSubstr("no database"));
  EXPECT_THAT(why(keeper->ask(asker("alice"), wish(hours(1), "king"))), HasSubstr("no role"));
  EXPECT_THAT(why(keeper->ask(asker("alice"), wish(hours(3)))), HasSubstr("at most 2h"));
  EXPECT_THAT(why(keeper->ask(asker("alice"), wish(seconds(0)))), HasSubstr("at least"));
  other = wish();
  other.reason.clear();
  EXPECT_THAT(why(keeper->ask(asker("alice"), other)), HasSubstr("say why"));
  ASSERT_TRUE(users().set_disabled("alice", true));
  EXPECT_THAT(why(keeper->ask(asker("alice"), wish())), HasSubstr("disabled"));
}

TEST_P(KeeperTest, Threat62_NobodyGivesThemselvesUnderAnyName) {
  const auto asked = keeper->ask(asker("alice"), wish());
  const auto vote = [&](const std::string& who) {
    return desk->vote(asked->request, {who, approval::Verdict::kApprove}).has_value();
  };
  EXPECT_FALSE(vote("alice"));
  EXPECT_FALSE(vote("alice-dba")) << "the same person";
  EXPECT_FALSE(vote("robot")) << "no person";
  look();
  EXPECT_EQ(keeper->find(asked->number)->state, GrantState::kWaiting);
  // What an agent asks for in somebody's name, that person does not approve.
  ASSERT_TRUE(users().set("bob", {{}, {{"dba", "engineering", "writers", "loaders"}}, {}, {}}));
  look();
  const auto by_agent = keeper->ask(asker("robot", "bob"), wish());
  ASSERT_TRUE(by_agent) << by_agent.error().text;
  EXPECT_FALSE(desk->vote(by_agent->request, {"bob", approval::Verdict::kApprove}));
}

TEST_P(KeeperTest, Threat62_AnAgentGetsNothingThatItsPersonHasNot) {
  EXPECT_THAT(why(keeper->ask(asker("robot", "alice"), wish())), HasSubstr("alice"));
  EXPECT_THAT(why(keeper->break_glass(asker("robot", "alice"), wish(minutes(5)))),
              HasSubstr("act for"));
}

TEST_P(KeeperTest, Threat62_WhatIsShownForOneDatabaseAsksForNoOther) {
  Asker narrow = asker("alice");
  narrow.databases = {"trial"};
  EXPECT_THAT(why(keeper->ask(narrow, wish())), HasSubstr("not good for"));
  EXPECT_THAT(why(keeper->break_glass(narrow, wish(minutes(5)))), HasSubstr("not good for"));
}

TEST_P(KeeperTest, Threat62_ExtensionsEndWhereTheRoleDoes) {
  const auto grant = given();
  const auto more = [&](Duration lasts) {
    return keeper->extend(asker("alice"), grant.number, wish(lasts));
  };
  EXPECT_THAT(why(more(minutes(61))), HasSubstr("with all extensions"));
  EXPECT_THAT(why(keeper->extend(asker("tim"), grant.number, wish(minutes(1)))),
              HasSubstr("not yours"));
  // Two that fit each, and do not together.
  const auto first = more(minutes(40)), second = more(minutes(50));
  ASSERT_TRUE(first && second);
  EXPECT_EQ(keeper->find(grant.number)->until_micros, grant.until_micros) << "not approved yet";
  approve(*first);
  approve(*second);
  look();
  EXPECT_EQ(keeper->find(first->number)->state, GrantState::kExtended);
  EXPECT_EQ(keeper->find(grant.number)->until_micros, grant.from_micros + 2 * 3'600'000'000);
  EXPECT_THAT(why(more(minutes(1))), HasSubstr("with all extensions"));
  EXPECT_THAT(in_force("alice"), ElementsAre(grant.number)) << "an extension gives nothing itself";
}

TEST_P(KeeperTest, AnExtensionOfWhatIsOverIsNone) {
  const auto grant = given();
  const auto more = keeper->extend(asker("alice"), grant.number, wish(minutes(10)));
  ASSERT_TRUE(keeper->give_back("alice", grant.number, "done"));
  approve(*more);
  look();
  EXPECT_EQ(keeper->find(grant.number)->state, GrantState::kReturned);
  EXPECT_THAT(keeper->find(more->number)->ended_why, HasSubstr("is over"));
  EXPECT_THAT(in_force("alice"), IsEmpty());
}

TEST_P(KeeperTest, Threat62_AClockThatIsSetBackMakesNothingLastLonger) {
  const auto grant = given("alice", seconds(1));
  clock -= 3'600'000'000;
  look();
  EXPECT_EQ(keeper->find(grant.number)->state, GrantState::kActive);
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  look();
  EXPECT_EQ(keeper->find(grant.number)->state, GrantState::kExpired);
}

TEST_P(KeeperTest, Threat62_AnApproverWhoMayNotAnyMoreHasNotApproved) {
  const auto asked = keeper->ask(asker("alice"), wish());
  approve(*asked);
  ASSERT_TRUE(users().set("bob", {{}, {{"sales"}}, {}, {}}));
  look();
  const auto grant = keeper->find(asked->number);
  EXPECT_EQ(grant->state, GrantState::kRefused);
  EXPECT_THAT(grant->ended_why, HasSubstr("may not approve any more"));
}

TEST_P(KeeperTest, ApprovedWithOnePolicyItDoesNotBeginWithAnother) {
  const auto asked = keeper->ask(asker("alice"), wish());
  approve(*asked);
  policy = *policy::Policy::parse(std::string(kPolicy) + "# another\n", "p.yaml");
  look();
  EXPECT_THAT(keeper->find(asked->number)->ended_why, HasSubstr("the policy has changed"));
}

TEST_P(KeeperTest, ARestartLosesNothing) {
  const auto grant = given();
  const auto asked = keeper->ask(asker("tim"), wish());
  approve(*asked);
  // Used, and then the gateway was gone.
  ASSERT_TRUE(desk->use(asked->request, subject_of(*asked, policy->version())));
  keeper = open();
  look();
  EXPECT_EQ(keeper->find(asked->number)->state, GrantState::kActive);
  EXPECT_EQ(keeper->find(grant.number)->state, GrantState::kActive);
}

TEST_P(KeeperTest, ItEndsWithItsUserAndItsRole) {
  auto grant = given();
  ASSERT_TRUE(users().set("alice", {{}, {{"sales"}}, {}, {}}));
  look();
  EXPECT_THAT(keeper->find(grant.number)->ended_why, HasSubstr("none of those who may have it"));
  ASSERT_TRUE(users().set("alice", {{}, {{"engineering"}}, {}, {}}));
  grant = given();
  // Somebody else of that name has nothing of it, not even before anybody has looked.
  ASSERT_TRUE(users().remove("alice"));
  ASSERT_TRUE(users().add({"alice", {"engineering"}, identity::UserKind::kHuman, {}}));
  EXPECT_THAT(in_force("alice"), IsEmpty());
  look();
  EXPECT_EQ(keeper->find(grant.number)->state, GrantState::kRevoked);
  grant = given("tim");
  std::string fewer = kPolicy;
  fewer.replace(fewer.find("[writers, loaders]"), 18, "[writers]");
  policy = *policy::Policy::parse(fewer, "p.yaml");
  look();
  EXPECT_THAT(keeper->find(grant.number)->groups, ElementsAre("writers"));
  policy = *policy::Policy::parse("rules:\n  - { name: all, effect: allow }\n", "p.yaml");
  look();
  EXPECT_THAT(keeper->find(grant.number)->ended_why, HasSubstr("no such role"));
}

TEST_P(KeeperTest, NothingEndsSinceWhoThereIsIsNotKnown) {
  const auto grant = given();
  const auto blind = *Keeper::open(database(), *desk, [this] {
    auto around = surroundings();
    around.directory = identity::Directory::lost("the store is away");
    return around;
  });
  ASSERT_TRUE(blind->look());
  EXPECT_EQ(keeper->find(grant.number)->state, GrantState::kActive);
}

/// Another gateway that has not read yet who is new takes nothing from them.
TEST_P(KeeperTest, OnASharedStoreNothingEndsByWhatWasReadBefore) {
  if (GetParam() != store::Where::kShared) return;
  const auto before = surroundings().directory;
  ASSERT_TRUE(users().add({"nora", {"engineering"}, identity::UserKind::kHuman, {}}));
  const auto grant = given("nora");
  bool late = true;
  const auto other = *Keeper::open(database(), *desk, [&] {
    auto around = surroundings();
    if (late) around.directory = before;
    return around;
  });
  ASSERT_TRUE(other->look());
  EXPECT_EQ(keeper->find(grant.number)->state, GrantState::kActive);
  late = false;
  ASSERT_TRUE(users().set_disabled("nora", true));
  ASSERT_TRUE(other->look());
  EXPECT_EQ(keeper->find(grant.number)->state, GrantState::kRevoked);
}

TEST_P(KeeperTest, IsRevokedByThoseWhoDecideOnIt) {
  const auto grant = given();
  const auto revoke = [&](const std::string& who) {
    return why(keeper->revoke(who, who, grant.number, "enough"));
  };
  EXPECT_THAT(revoke("tim"), HasSubstr("in none of"));
  EXPECT_THAT(revoke("robot"), HasSubstr("only people"));
  EXPECT_EQ(revoke("bob"), "it was done");
  EXPECT_EQ(keeper->find(grant.number)->state, GrantState::kRevoked);
  EXPECT_THAT(in_force("alice"), IsEmpty());
  EXPECT_THAT(revoke("bob"), HasSubstr("already"));
  EXPECT_EQ(why(keeper->revoke("", "root", given("tim").number, "")), "it was done");
}

TEST_P(KeeperTest, WhatAnotherGatewayBeginsInBetweenEndsAsWell) {
  const auto other = open();
  const auto used = [&] {
    const auto asked = keeper->ask(asker("tim"), wish());
    approve(*asked);
    EXPECT_TRUE(desk->use(asked->request, subject_of(*asked, policy->version())));
    meanwhile = [&] {
      EXPECT_TRUE(other->look());
      EXPECT_THAT(in_force("tim"), Not(IsEmpty()));
    };
    return asked->number;
  };
  const auto end_of = [](const Result<GrantRow>& result) {
    return result ? std::string(name_of(result->state)) : result.error().text;
  };
  EXPECT_EQ(end_of(keeper->revoke("bob", "bob", used(), "enough")), "revoked");
  EXPECT_EQ(end_of(keeper->give_back("tim", used(), "done")), "returned");
  EXPECT_THAT(in_force("tim"), IsEmpty());
  EXPECT_FALSE(meanwhile) << "it was in between";
}

TEST_P(KeeperTest, AnAccessReviewTellsWhoHoldsWhatAndEndsIt) {
  const auto grant = given();
  const auto token = *identity::CredentialStore(database_, "test")
                          .issue({"alice",
                                  identity::CredentialKind::kToken,
                                  {"orders"},
                                  wall_micros() + 3'600'000'000,
                                  "",
                                  {"token", "", "", {}, 1},
                                  {},
                                  {}});
  const auto lines = [&] {
    std::string all;
    const auto held = *keeper->holdings("alice");
    for (const auto& each : held)
      all += each.what + " " + each.name + " " + each.database + " " + each.detail + "; " +
             each.decided.substr(0, each.decided.find(" at ")) + "\n";
    return all;
  };
  EXPECT_THAT(lines(), HasSubstr("group engineering"));
  EXPECT_THAT(lines(), HasSubstr("role writer orders may ask for it, and break the glass"));
  EXPECT_THAT(lines(), HasSubstr("grant " + std::to_string(grant.number) + " orders role writer"));
  EXPECT_THAT(lines(), HasSubstr("credential " + token.id + " orders token"));
  const auto decide = [&](const std::string& what, const std::string& name,
                          const std::string& decision, const std::string& author = "sam") {
    const auto done = keeper->decide({0, decision, "alice", what, name, author, "moved on"});
    return done ? "" : done.error().text;
  };
  EXPECT_THAT(decide("group", "engineering", "keep", "bob"), HasSubstr("access_review"));
  EXPECT_THAT(decide("group", "engineering", "keep", "alice-dba"), HasSubstr("their own"));
  EXPECT_THAT(decide("group", "dba", "revoke"), HasSubstr("not in dba"));
  EXPECT_EQ(decide("group", "engineering", "keep"), "");
  EXPECT_THAT(lines(), HasSubstr("keep by sam"));
  EXPECT_EQ(decide("grant", std::to_string(grant.number), "revoke"), "");
  EXPECT_EQ(decide("credential", token.id, "revoke"), "");
  EXPECT_EQ(decide("group", "engineering", "revoke"), "");
  EXPECT_THAT(lines(), Not(HasSubstr("engineering")));
  EXPECT_THAT(lines(), Not(HasSubstr(token.id)));
  EXPECT_THAT(in_force("alice"), IsEmpty());
  EXPECT_THAT(recorded(), HasSubstr("grant sam: access review: revoke group \"engineering\" of "
                                    "alice: moved on"));
}

TEST_P(KeeperTest, WhatIsRefusedWaitsForNobodyAnyMore) {
  const auto asked = keeper->ask(asker("alice"), wish());
  ASSERT_TRUE(asked) << asked.error().text;
  const auto refused = keeper->revoke("bob", "bob", asked->number, "not now");
  ASSERT_TRUE(refused) << refused.error().text;
  EXPECT_EQ(refused->state, GrantState::kRefused);
  EXPECT_EQ(desk->find(asked->request)->state, approval::State::kRejected);
}

TEST_P(KeeperTest, GroupsThatAreTakenAwayDoNotComeBack) {
  ASSERT_TRUE(users().add({"eve", {"one", "two", "three"}, identity::UserKind::kHuman, {}}));
  const auto before = surroundings();
  auto lagging = *Keeper::open(
      database(), *desk, [before] { return before; }, [this] { return wall_micros() + clock; });
  for (const char* group : {"one", "two"}) {
    const auto done = lagging->decide({0, "revoke", "eve", "group", group, "sam", "moved on"});
    EXPECT_TRUE(done) << done.error().text;
  }
  EXPECT_THAT(surroundings().directory->find("eve")->groups, ElementsAre("three"));
  EXPECT_FALSE(lagging->decide({0, "revoke", "eve", "group", "one", "sam", "again"}));
}

SLUICE_FOR_EACH_STORE(KeeperTest);

}  // namespace
}  // namespace sluice::access
