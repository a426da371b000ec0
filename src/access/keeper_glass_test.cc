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

TEST_P(KeeperTest, TheGlassIsBrokenLoudly) {
  const auto grant = broken();
  EXPECT_EQ(grant.state, GrantState::kActive);
  EXPECT_EQ(grant.until_micros - grant.from_micros, 300'000'000);
  EXPECT_THAT(in_force("alice"), ElementsAre(grant.number));
  EXPECT_THAT(recorded(),
              HasSubstr("break_glass alice: grant 1: BREAK GLASS: human \"alice\" takes "
                        "role \"writer\" at \"orders\""));
  look();
  EXPECT_EQ(keeper->summary().break_glass_active, 1U);
  EXPECT_EQ(keeper->summary().to_review, 1U);
  EXPECT_THAT(why(keeper->break_glass(asker("tim"), wish(hours(1)))), HasSubstr("at most 30m"));
  EXPECT_THAT(why(keeper->break_glass(asker("bob"), wish(minutes(1)))), HasSubstr("may not take"));
  EXPECT_THAT(why(keeper->extend(asker("alice"), grant.number, wish(minutes(1)))),
              HasSubstr("without asking"));
  EXPECT_THAT(keeper->list({})->front().number, grant.number);
}

TEST_P(KeeperTest, Threat62_TheGlassIsNotBrokenTwiceWithoutReview) {
  const auto grant = broken();
  const auto again = [&](const std::string& who) {
    return why(keeper->break_glass(asker(who), wish(minutes(1))));
  };
  EXPECT_THAT(again("alice"), HasSubstr("has not been reviewed yet"));
  EXPECT_THAT(again("alice-dba"), HasSubstr("has not been reviewed yet"));
  ASSERT_TRUE(keeper->give_back("alice", grant.number, "done"));
  EXPECT_THAT(again("alice"), HasSubstr("has not been reviewed yet")) << "also when it is over";
  const auto review = [&](const std::string& who) {
    return why(keeper->review(who, grant.number, false, ""));
  };
  EXPECT_THAT(review("alice"), HasSubstr("under any name"));
  EXPECT_THAT(review("alice-dba"), HasSubstr("under any name"));
  EXPECT_THAT(review("bob"), HasSubstr("in none of security"));
  EXPECT_EQ(review("sam"), "it was done");
  EXPECT_THAT(review("sam"), HasSubstr("has been reviewed"));
  EXPECT_EQ(again("alice"), "it was done");
  // Another gateway that does not know of it yet is stopped by the store.
  GrantRow twice = broken("tim");
  EXPECT_FALSE(identity::GrantStore(database_).add(twice, "tim", "again"));
}

TEST_P(KeeperTest, Threat62_TwoGatewaysLetOnePersonBreakTheGlassOnce) {
  store::Database of_other = database();
  const auto there = [&] {
    auto around = surroundings();
    around.directory = *identity::load_directory(of_other);
    return around;
  };
  const auto fixed = there();
  const auto other =
      *Keeper::open(database(), *desk, [fixed] { return fixed; }, [] { return wall_micros(); });
  const Asker second = asker("alice-dba");
  std::future<Result<GrantRow>> done;
  const auto ask_there = [&] {
    done = std::async(std::launch::async,
                      [&] { return other->break_glass(second, wish(minutes(1))); });
    // Long enough for whom nothing holds up.
    done.wait_for(std::chrono::milliseconds(500));
  };
  // The second time that it is asked for, what waits for review has been read.
  meanwhile = [&] { meanwhile = ask_there; };
  const auto first = keeper->break_glass(asker("alice"), wish(minutes(1)));
  ASSERT_TRUE(done.valid()) << "it was in between";
  EXPECT_TRUE(first) << first.error().text;
  EXPECT_THAT(why(done.get()), HasSubstr("has not been reviewed yet"));
}

TEST_P(KeeperTest, Threat62_AGlassBrokenForAnotherAccountIsTheirs) {
  ASSERT_TRUE(users().add({"alice-ops",
                           {"engineering", "writers", "loaders"},
                           identity::UserKind::kHuman,
                           {{"person", "alice"}}}));
  const auto grant = keeper->break_glass(asker("robot", "alice-ops"), wish(minutes(5)));
  ASSERT_TRUE(grant) << grant.error().text;
  EXPECT_EQ(grant->person, "alice");
  EXPECT_THAT(why(keeper->break_glass(asker("alice"), wish(minutes(1)))),
              HasSubstr("has not been reviewed yet"));
  ASSERT_TRUE(keeper->give_back("robot", grant->number, "done"));
  EXPECT_THAT(why(keeper->review("alice-dba", grant->number, false, "")),
              HasSubstr("under any name"));
  EXPECT_EQ(why(keeper->review("sam", grant->number, false, "")), "it was done");
}

TEST_P(KeeperTest, Threat62_ANewNameBreaksNoOtherGlassAndReviewsNone) {
  ASSERT_TRUE(users().set("tim", {{}, {{"engineering", "security"}}, {}, {}}));
  const auto grant = broken("tim");
  ASSERT_TRUE(keeper->give_back("tim", grant.number, "done"));
  // As SCIM does it.
  ASSERT_TRUE(database_.execute("UPDATE users SET name = 'timothy' WHERE name = 'tim'"));
  EXPECT_THAT(why(keeper->break_glass(asker("timothy"), wish(minutes(1)))),
              HasSubstr("has not been reviewed yet"));
  EXPECT_THAT(why(keeper->review("timothy", grant.number, false, "")), HasSubstr("under any name"));
  EXPECT_EQ(why(keeper->review("sam", grant.number, false, "")), "it was done");
}

TEST_P(KeeperTest, WhatIsInForceIsNotReviewedAndALateReviewIsReported) {
  const auto grant = broken();
  EXPECT_THAT(why(keeper->review("sam", grant.number, false, "")), HasSubstr("still in force"));
  clock += 3'601'000'000;
  look();
  look();
  EXPECT_EQ(keeper->summary().overdue, 1U);
  const std::string all = recorded();
  const size_t told = all.find("break_glass sluice: grant 1 of alice: REVIEW OVERDUE");
  ASSERT_NE(told, std::string::npos);
  EXPECT_EQ(all.find("REVIEW OVERDUE", told + 60), std::string::npos) << "once";
  EXPECT_THAT(why(keeper->review("sam", grant.number, true, "")), HasSubstr("say what"));
  EXPECT_EQ(why(keeper->review("sam", grant.number, true, "read too much")), "it was done");
  look();
  EXPECT_EQ(keeper->summary().overdue, 0U);
  EXPECT_THAT(recorded(), HasSubstr("sam: grant 1 of alice: breaking the glass was reviewed: "
                                    "CONCERN: read too much"));
}

TEST_P(KeeperTest, WithoutAnybodyToReviewItTheGlassStays) {
  ASSERT_TRUE(users().set_disabled("sam", true));
  EXPECT_THAT(why(keeper->break_glass(asker("alice"), wish(minutes(1)))), HasSubstr("nobody"));
}

}  // namespace
}  // namespace sluice::access
