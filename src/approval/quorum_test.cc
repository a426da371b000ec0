#include "approval/quorum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::approval {
namespace {

using identity::UserKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

identity::User user(std::string name, std::vector<std::string> groups,
                    UserKind kind = UserKind::kHuman) {
  identity::User out;
  out.name = std::move(name);
  out.groups = std::move(groups);
  out.kind = kind;
  return out;
}

std::unique_ptr<identity::Directory> directory() {
  std::vector<identity::User> users = {user("alice", {"dba"}),
                                       user("alice-admin", {"dba", "leads"}),
                                       user("bob", {"dba"}),
                                       user("carol", {"dba", "leads"}),
                                       user("dave", {"leads"}),
                                       user("robot", {"dba"}, UserKind::kAgent),
                                       user("deploy", {"dba"}, UserKind::kService),
                                       user("gone", {"dba", "leads"})};
  users[1].attributes["person"] = "alice";
  users[7].disabled = true;
  return std::make_unique<identity::Directory>(std::move(users), 1);
}

Request request(std::vector<policy::ApprovalStage> stages) {
  Request out;
  out.number = 1;
  out.subject.requester = "alice";
  out.persons = {"alice"};
  out.needs = {{"rule", std::move(stages)}};
  return out;
}

void approve(Request& request, const std::string& voter) {
  request.votes.push_back({voter, Verdict::kApprove});
}

constexpr int64_t kHour = int64_t{3600} * 1'000'000;

Standing judged(const Request& request, const std::vector<Delegation>& delegations = {},
                int64_t now = 0) {
  const auto people = directory();
  return standing(request, {*people, delegations, now});
}

std::string refusal(const Request& request, const Vote& vote,
                    const std::vector<Delegation>& delegations = {}, int64_t now = 0) {
  const auto people = directory();
  const auto allowed = may_vote(request, vote, {*people, delegations, now});
  return allowed ? "" : allowed.error().text;
}

std::string refusal(const Request& request, const std::string& voter,
                    Verdict verdict = Verdict::kApprove) {
  return refusal(request, Vote{voter, verdict});
}

/// `voter`'s word for `on_behalf`, at that time.
Vote vote_for(std::string voter, std::string on_behalf, int64_t at = 0) {
  Vote out{std::move(voter), Verdict::kApprove};
  out.on_behalf = std::move(on_behalf);
  out.time_micros = at;
  return out;
}

TEST(Quorum, OneOfTheGroupIsEnough) {
  Request asked = request({{{"dba"}, 1}});
  EXPECT_THAT(judged(asked).missing, ElementsAre("rule \"rule\": 1 more of dba"));
  EXPECT_EQ(refusal(asked, "bob"), "");
  approve(asked, "bob");
  EXPECT_TRUE(judged(asked).approved);
}

/// Alice asked, and is called alice.jones since; somebody else has the name by now.
identity::Directory after_a_new_name() {
  std::vector<identity::User> users = {user("alice.jones", {"dba"}), user("alice-admin", {"dba"}),
                                       user("alice", {"dba"}), user("bob", {"dba"})};
  users[0].named_micros = 50;
  users[0].former_names = {"alice"};
  users[1].attributes["person"] = "alice.jones";
  users[2].created_micros = users[2].named_micros = 60;
  return {std::move(users), 1};
}

TEST(Quorum, Threat60_WhoAsksDoesNotDecideUnderANewName) {
  const auto people = after_a_new_name();
  Request asked = request({{{"dba"}, 1}});
  for (const char* name : {"alice.jones", "alice-admin", "alice"}) {
    const auto allowed = may_vote(asked, {name, Verdict::kApprove}, {people, {}, 100});
    ASSERT_FALSE(allowed) << name;
    EXPECT_THAT(allowed.error().text, HasSubstr("does not decide"));
  }
  EXPECT_TRUE(may_vote(asked, {"bob", Verdict::kApprove}, {people, {}, 100}));
  // An agent asked for her.
  asked.subject.requester = "robot";
  EXPECT_FALSE(may_vote(asked, {"alice.jones", Verdict::kApprove}, {people, {}, 100}));
}

TEST(Quorum, Threat67_AVoteIsNotOfWhoIsGivenTheNameLater) {
  std::vector<identity::User> users = {user("alice", {}), user("bob", {"dba"})};
  Request asked = request({{{"dba"}, 1}});
  asked.votes.push_back({"bob", Verdict::kApprove});
  asked.votes.back().time_micros = 40;
  const std::vector<Delegation> none;
  const identity::Directory before(users, 1);
  EXPECT_TRUE(standing(asked, {before, none, 100}).approved);
  users[1].named_micros = 50;
  const identity::Directory now(users, 2);
  EXPECT_FALSE(standing(asked, {now, none, 100}).approved);
}

TEST(Quorum, WhoWasAddedSinceDoesNotDecide) {
  auto users = directory()->users();
  Request asked = request({{{"dba"}, 1}});
  asked.created_micros = 40;
  approve(asked, "bob");
  asked.votes.back().time_micros = 60;
  users[2].created_micros = 40;
  EXPECT_TRUE(standing(asked, {identity::Directory(users, 1), {}, 70}).approved);
  users[2].created_micros = 50;
  const identity::Directory later(users, 2);
  EXPECT_FALSE(standing(asked, {later, {}, 70}).approved);
  const auto refused = may_vote(asked, Vote{"bob", Verdict::kApprove}, {later, {}, 70});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text, HasSubstr("was added after request 1 was asked"));
  // Whom a provider vouches for nobody has made here.
  users[2].made_by = "https://id.example";
  EXPECT_TRUE(standing(asked, {identity::Directory(users, 3), {}, 70}).approved);
}

TEST(Quorum, WhoAsksDoesNotDecideUnderAnyName) {
  Request asked = request({{{"dba"}, 1}});
  for (const char* name : {"alice", "alice-admin"}) {
    EXPECT_THAT(refusal(asked, name), HasSubstr("does not decide"));
    EXPECT_THAT(refusal(asked, name, Verdict::kReject), HasSubstr("does not decide"));
    approve(asked, name);
  }
  EXPECT_FALSE(judged(asked).approved);
}

TEST(Quorum, WhomAnAgentActsForDoesNotDecide) {
  Request asked = request({{{"dba"}, 1}});
  asked.subject.requester = "robot";
  asked.persons = {"robot", "bob"};
  EXPECT_THAT(refusal(asked, "bob"), HasSubstr("does not decide"));
  EXPECT_EQ(refusal(asked, "carol"), "");
}

TEST(Quorum, WhomAnAgentActsForDoesNotDecideByAnotherAccount) {
  Request asked = request({{{"dba"}, 1}});
  asked.subject.requester = "robot";
  asked.persons = {"robot", "alice-admin"};
  for (const char* name : {"alice", "alice-admin"}) {
    EXPECT_THAT(refusal(asked, name), HasSubstr("does not decide"));
    approve(asked, name);
  }
  EXPECT_FALSE(judged(asked).approved);
  EXPECT_EQ(refusal(asked, "bob"), "");
}

TEST(Quorum, Threat60_WhoseTimeIsOverHasNotApprovedAlsoBeforeThatIsWrittenDown) {
  auto users = directory()->users();
  users[2].valid_until_micros = kHour;  // bob's
  const identity::Directory people(users, 1);
  Request asked = request({{{"dba"}, 1}});
  approve(asked, "bob");
  const std::vector<Delegation> none;
  EXPECT_TRUE(standing(asked, {people, none, kHour - 1}).approved);
  EXPECT_FALSE(standing(asked, {people, none, kHour}).approved);
  EXPECT_FALSE(may_vote(asked, {"bob", Verdict::kApprove}, {people, none, kHour}));
}

TEST(Quorum, Threat60_AccountsWithOneAddressAreOnePerson) {
  auto users = directory()->users();
  users[2].attributes["email"] = "B@example.com";  // bob
  users[3].attributes["upn"] = "b@example.com";    // carol, who is bob
  const identity::Directory people(users, 1);
  const std::vector<Delegation> none;
  Request asked = request({{{"dba", "leads"}, 2}});
  approve(asked, "bob");
  EXPECT_FALSE(may_vote(asked, {"carol", Verdict::kApprove}, {people, none, 0}));
  approve(asked, "carol");
  EXPECT_FALSE(standing(asked, {people, none, 0}).approved);
  approve(asked, "dave");
  EXPECT_TRUE(standing(asked, {people, none, 0}).approved);
  asked.persons = {"B@EXAMPLE.COM"};
  EXPECT_TRUE(standing(asked, {people, none, 0}).counted.size() == 1) << "dave's alone is left";
}

TEST(Quorum, OnlyPeopleWhoAreThere) {
  Request asked = request({{{"dba"}, 1}});
  EXPECT_THAT(refusal(asked, "robot"), HasSubstr("only people"));
  EXPECT_THAT(refusal(asked, "deploy"), HasSubstr("only people"));
  EXPECT_THAT(refusal(asked, "gone"), HasSubstr("disabled"));
  EXPECT_THAT(refusal(asked, "nobody"), HasSubstr("gone"));
  EXPECT_THAT(refusal(asked, "dave"), HasSubstr("none of the groups"));
  for (const char* name : {"robot", "deploy", "gone", "nobody", "dave"}) approve(asked, name);
  EXPECT_FALSE(judged(asked).approved);
}

TEST(Quorum, SeveralAreDifferentPeople) {
  Request asked = request({{{"dba", "leads"}, 2}});
  approve(asked, "carol");
  EXPECT_THAT(refusal(asked, "carol"), HasSubstr("somebody else"));
  approve(asked, "carol");
  EXPECT_FALSE(judged(asked).approved);
  approve(asked, "dave");
  EXPECT_TRUE(judged(asked).approved);
}

TEST(Quorum, StagesComeInTheirOrder) {
  Request asked = request({{{"leads"}, 1}, {{"dba"}, 1}});
  EXPECT_THAT(refusal(asked, "bob"), HasSubstr("none of the groups that decide now: leads"));
  approve(asked, "bob");  // Too early: it does not count later either.
  approve(asked, "carol");
  EXPECT_THAT(refusal(asked, "carol"), HasSubstr("somebody else"));
  approve(asked, "carol");
  EXPECT_FALSE(judged(asked).approved);
  EXPECT_EQ(refusal(asked, "bob"), "");
  approve(asked, "bob");
  EXPECT_TRUE(judged(asked).approved);
}

TEST(Quorum, EveryRuleIsAsked) {
  Request asked = request({{{"dba"}, 1}});
  asked.needs.push_back({"other", {{{"leads"}, 1}}});
  approve(asked, "bob");
  EXPECT_THAT(judged(asked).missing, ElementsAre("rule \"other\": 1 more of leads"));
  approve(asked, "dave");
  EXPECT_TRUE(judged(asked).approved);
}

TEST(Quorum, NoNeedIsNoApproval) {
  Request asked = request({});
  asked.needs.clear();
  EXPECT_FALSE(judged(asked).approved);
}

TEST(Quorum, WhatIsOverIsNotVotedOn) {
  Request asked = request({{{"dba"}, 1}});
  for (const auto state : {State::kRejected, State::kExpired, State::kWithdrawn, State::kUsed}) {
    asked.state = state;
    EXPECT_THAT(refusal(asked, "bob"), HasSubstr("already"));
  }
  // An approval can be taken back before it is used.
  asked.state = State::kApproved;
  approve(asked, "bob");
  EXPECT_EQ(refusal(asked, "bob", Verdict::kReject), "");
}

TEST(Quorum, WhatNobodyCouldApproveIsSaid) {
  EXPECT_TRUE(can_be_approved(request({{{"dba"}, 2}}), *directory()));
  EXPECT_THAT(can_be_approved(request({{{"dba"}, 3}}), *directory()).error().text,
              HasSubstr("asks for 3 of dba, and only 2 could"));
  EXPECT_THAT(can_be_approved(request({{{"martians"}, 1}}), *directory()).error().text,
              HasSubstr("nobody could"));
  EXPECT_THAT(can_be_approved(request({{{"dba"}, 2}, {{"leads"}, 2}}), *directory()).error().text,
              HasSubstr("4 different people in all, and only 3 could"));
}

TEST(Quorum, EachPlaceNeedsSomebodyOfItsOwn) {
  const identity::Directory people({user("alice", {}), user("solo", {"solo", "leads"}),
                                    user("dave", {"leads"}), user("erin", {"leads"})},
                                   1);
  const auto could = [&](std::vector<policy::ApprovalStage> stages) {
    const auto done = can_be_approved(request(std::move(stages)), people);
    return done ? "" : done.error().text;
  };
  EXPECT_EQ(could({{{"leads"}, 1}, {{"solo"}, 1}, {{"leads"}, 1}}), "");
  // There are people enough, but one would have to decide twice.
  EXPECT_THAT(could({{{"solo"}, 1}, {{"solo"}, 1}, {{"leads"}, 1}}),
              HasSubstr("3 different people in all, and only 2 could"));
}

TEST(Quorum, TellsWhoseVotesHaveCounted) {
  Request asked = request({{{"dba"}, 2}});
  approve(asked, "bob");
  approve(asked, "dave");
  approve(asked, "carol");
  const auto counted = judged(asked).counted;
  ASSERT_EQ(counted.size(), 2U);
  EXPECT_EQ(counted[0].voter, "bob");
  EXPECT_EQ(counted[1].voter, "carol");
}

/// From midnight to noon in UTC the leads, else the others; after two hours everybody.
policy::ApprovalStage by_the_clock() {
  policy::ApprovalStage out{{"dba"}, 1};
  policy::OnCall morning{{}, {"leads"}};
  morning.window.zone = *policy::find_zone("UTC");
  morning.window.to = 12 * 60;
  out.on_call = {morning};
  out.escalate = {{std::chrono::hours(2), {"dba"}}};
  return out;
}

TEST(Quorum, WhoIsOnCallDecides) {
  Request asked = request({by_the_clock()});
  asked.created_micros = kHour;
  EXPECT_THAT(refusal(asked, Vote{"bob", Verdict::kApprove}, {}, 2 * kHour),
              HasSubstr("decide now: leads"));
  EXPECT_EQ(refusal(asked, Vote{"dave", Verdict::kApprove}, {}, 2 * kHour), "");
  EXPECT_EQ(refusal(asked, Vote{"bob", Verdict::kApprove}, {}, 3 * kHour), "") << "it has waited";
  asked.created_micros = 13 * kHour;
  EXPECT_EQ(refusal(asked, Vote{"bob", Verdict::kApprove}, {}, 13 * kHour), "");
  EXPECT_THAT(refusal(asked, Vote{"dave", Verdict::kApprove}, {}, 13 * kHour),
              HasSubstr("decide now: dba"));
}

TEST(Quorum, AVoteCountsForWhoWasAskedWhenItWasGiven) {
  Request asked = request({by_the_clock()});
  Vote vote{"dave", Verdict::kApprove};
  vote.time_micros = 11 * kHour;
  asked.votes = {vote};
  EXPECT_TRUE(judged(asked, {}, 20 * kHour).approved) << "also once others are on call";
  asked.created_micros = 12 * kHour;
  asked.votes[0].time_micros = 13 * kHour;
  EXPECT_FALSE(judged(asked, {}, 13 * kHour).approved);
  EXPECT_TRUE(can_be_approved(request({by_the_clock()}), *directory()));
}

TEST(Quorum, Threat67_AVoteInOtherHandsIsBoths) {
  Request asked = request({{{"dba"}, 2}});
  const std::vector<Delegation> given = {{1, "carol", "dave", kHour, 2 * kHour}};
  EXPECT_THAT(refusal(asked, vote_for("dave", "carol"), given, 0), HasSubstr("has not delegated"));
  EXPECT_THAT(refusal(asked, vote_for("dave", "bob"), given, kHour),
              HasSubstr("has not delegated"));
  EXPECT_EQ(refusal(asked, vote_for("dave", "carol"), given, kHour), "");
  asked.votes = {vote_for("dave", "carol", kHour)};
  EXPECT_THAT(refusal(asked, Vote{"carol", Verdict::kApprove}, given, kHour),
              HasSubstr("somebody else"));
  EXPECT_EQ(judged(asked, given, 5 * kHour).missing.size(), 1U);
  asked.votes.push_back({"bob", Verdict::kApprove});
  EXPECT_TRUE(judged(asked, given, 5 * kHour).approved) << "what was given in time stays";
  auto back = given;
  back[0].ended_micros = 3 * kHour;
  EXPECT_FALSE(judged(asked, back, 5 * kHour).approved) << "what was taken back does not";
  auto reused = given;
  reused[0].created_micros = -1;  // The users have been made after it.
  EXPECT_FALSE(judged(asked, reused, 5 * kHour).approved);
}

TEST(Quorum, AVoteIsNotThatOfWhoHasTheNameLater) {
  const auto known = directory();
  auto users = known->users();
  const auto standing_of = [&](const Vote& vote, const std::vector<Delegation>& given) {
    Request asked = request({{{"dba"}, 1}});
    asked.votes = {vote};
    return standing(asked, {identity::Directory(users, 2), given, 2 * kHour}).approved;
  };
  const std::vector<Delegation> given = {{1, "carol", "dave", kHour, 2 * kHour, 4 * kHour}};
  Vote bobs{"bob", Verdict::kApprove};
  bobs.time_micros = kHour;
  EXPECT_TRUE(standing_of(bobs, {}));
  EXPECT_TRUE(standing_of(vote_for("dave", "carol", kHour), given));
  for (auto& user : users) user.created_micros = kHour + 1;
  EXPECT_FALSE(standing_of(bobs, {})) << "made since";
  // The delegation itself is of later still: of the two it is the vote that does not count.
  EXPECT_FALSE(standing_of(vote_for("dave", "carol", kHour), given));
}

TEST(Quorum, Threat67_NobodyVotesForWhoAsksNorDoTheyForOthers) {
  Request asked = request({{{"dba", "leads"}, 1}});
  const std::vector<Delegation> given = {{1, "alice", "bob", 0, kHour},
                                         {2, "carol", "alice", 0, kHour},
                                         {3, "carol", "alice-admin", 0, kHour},
                                         {4, "gone", "bob", 0, kHour},
                                         {5, "carol", "robot", 0, kHour}};
  for (const auto& vote :
       {vote_for("bob", "alice"), vote_for("alice", "carol"), vote_for("alice-admin", "carol"),
        vote_for("bob", "gone"), vote_for("robot", "carol")}) {
    EXPECT_NE(refusal(asked, vote, given, 1), "") << vote.voter;
    asked.votes = {vote};
    EXPECT_FALSE(judged(asked, given, 1).approved) << vote.voter;
  }
}

}  // namespace
}  // namespace sluice::approval
