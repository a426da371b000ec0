#include "approval/request.h"

#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sluice::approval {
namespace {

Subject subject() {
  return {"DROP TABLE t", "", "alice", "orders", "sluice\x1fpublic", "f00", "policy-1"};
}

TEST(Digest, DependsOnEveryField) {
  std::set<std::string> digests = {digest(subject(), {}, 1)};
  for (const auto field :
       {&Subject::statement, &Subject::parameters, &Subject::requester, &Subject::database,
        &Subject::session, &Subject::schema, &Subject::policy}) {
    Subject other = subject();
    other.*field += ' ';
    EXPECT_TRUE(digests.insert(digest(other, {}, 1)).second);
  }
  EXPECT_TRUE(digests.insert(digest(subject(), 0, 1)).second);
  EXPECT_TRUE(digests.insert(digest(subject(), 1, 1)).second);
  EXPECT_TRUE(digests.insert(digest(subject(), {}, 2)).second);
  EXPECT_EQ(digest(subject(), 5, 9), digest(subject(), 5, 9));
}

RC_GTEST_PROP(Digest, WhatMovesFromOneFieldToTheNextIsAnother,
              (std::string text, std::string next)) {
  RC_PRE(!text.empty());
  Subject one = subject(), other = subject();
  one.statement = text;
  one.parameters = next;
  other.statement = text.substr(0, text.size() - 1);
  other.parameters = text.back() + next;
  RC_ASSERT(digest(one, {}, 1) != digest(other, {}, 1));
}

TEST(Request, SaysWhoApproved) {
  Request request;
  request.number = 12;
  request.votes = {
      {"dora", Verdict::kApprove}, {"frank", Verdict::kComment}, {"erin", Verdict::kApprove}};
  EXPECT_EQ(request.summary(), "12 by dora, erin");
  request.automatic = true;
  EXPECT_EQ(request.summary(), "12 automatically");
}

TEST(State, NamesComeBack) {
  for (const auto state : {State::kWaiting, State::kApproved, State::kRejected, State::kExpired,
                           State::kWithdrawn, State::kUsed}) {
    EXPECT_EQ(find_state(name_of(state)), state);
  }
  EXPECT_EQ(find_state("lost"), std::nullopt);
  EXPECT_EQ(find_verdict("approve"), Verdict::kApprove);
  EXPECT_EQ(find_verdict("perhaps"), std::nullopt);
}

}  // namespace
}  // namespace sluice::approval
