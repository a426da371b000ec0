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

std::string refusal(const Request& request, const std::string& voter,
                    Verdict verdict = Verdict::kApprove) {
  const auto allowed = may_vote(request, voter, verdict, *directory());
  return allowed ? "" : allowed.error().text;
}

TEST(Quorum, OneOfTheGroupIsEnough) {
  Request asked = request({{{"dba"}, 1}});
  EXPECT_THAT(standing(asked, *directory()).missing, ElementsAre("rule \"rule\": 1 more of dba"));
  EXPECT_EQ(refusal(asked, "bob"), "");
  approve(asked, "bob");
  EXPECT_TRUE(standing(asked, *directory()).approved);
}

TEST(Quorum, WhoAsksDoesNotDecideUnderAnyName) {
  Request asked = request({{{"dba"}, 1}});
  for (const char* name : {"alice", "alice-admin"}) {
    EXPECT_THAT(refusal(asked, name), HasSubstr("does not decide"));
    EXPECT_THAT(refusal(asked, name, Verdict::kReject), HasSubstr("does not decide"));
    approve(asked, name);
  }
  EXPECT_FALSE(standing(asked, *directory()).approved);
}

TEST(Quorum, WhomAnAgentActsForDoesNotDecide) {
  Request asked = request({{{"dba"}, 1}});
  asked.subject.requester = "robot";
  asked.persons = {"robot", "bob"};
  EXPECT_THAT(refusal(asked, "bob"), HasSubstr("does not decide"));
  EXPECT_EQ(refusal(asked, "carol"), "");
}

TEST(Quorum, OnlyPeopleWhoAreThere) {
  Request asked = request({{{"dba"}, 1}});
  EXPECT_THAT(refusal(asked, "robot"), HasSubstr("only people"));
  EXPECT_THAT(refusal(asked, "deploy"), HasSubstr("only people"));
  EXPECT_THAT(refusal(asked, "gone"), HasSubstr("disabled"));
  EXPECT_THAT(refusal(asked, "nobody"), HasSubstr("gone"));
  EXPECT_THAT(refusal(asked, "dave"), HasSubstr("none of the groups"));
  for (const char* name : {"robot", "deploy", "gone", "nobody", "dave"}) approve(asked, name);
  EXPECT_FALSE(standing(asked, *directory()).approved);
}

TEST(Quorum, SeveralAreDifferentPeople) {
  Request asked = request({{{"dba", "leads"}, 2}});
  approve(asked, "carol");
  EXPECT_THAT(refusal(asked, "carol"), HasSubstr("somebody else"));
  approve(asked, "carol");
  EXPECT_FALSE(standing(asked, *directory()).approved);
  approve(asked, "dave");
  EXPECT_TRUE(standing(asked, *directory()).approved);
}

TEST(Quorum, StagesComeInTheirOrder) {
  Request asked = request({{{"leads"}, 1}, {{"dba"}, 1}});
  EXPECT_THAT(refusal(asked, "bob"), HasSubstr("none of the groups that decide now: leads"));
  approve(asked, "bob");  // Too early: it does not count later either.
  approve(asked, "carol");
  EXPECT_THAT(refusal(asked, "carol"), HasSubstr("somebody else"));
  approve(asked, "carol");
  EXPECT_FALSE(standing(asked, *directory()).approved);
  EXPECT_EQ(refusal(asked, "bob"), "");
  approve(asked, "bob");
  EXPECT_TRUE(standing(asked, *directory()).approved);
}

TEST(Quorum, EveryRuleIsAsked) {
  Request asked = request({{{"dba"}, 1}});
  asked.needs.push_back({"other", {{{"leads"}, 1}}});
  approve(asked, "bob");
  EXPECT_THAT(standing(asked, *directory()).missing,
              ElementsAre("rule \"other\": 1 more of leads"));
  approve(asked, "dave");
  EXPECT_TRUE(standing(asked, *directory()).approved);
}

TEST(Quorum, NoNeedIsNoApproval) {
  Request asked = request({});
  asked.needs.clear();
  EXPECT_FALSE(standing(asked, *directory()).approved);
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

}  // namespace
}  // namespace sluice::approval
