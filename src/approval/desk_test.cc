#include "approval/desk.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/notices.h"
#include "store/test_store.h"

namespace sluice::approval {
namespace {

using std::chrono::hours;
using ::testing::HasSubstr;

std::shared_ptr<const identity::Directory> people(bool bob_is_dba = true) {
  identity::User alice, bob;
  alice.name = "alice";
  bob.name = "bob";
  if (bob_is_dba) bob.groups = {"dba"};
  return std::make_shared<const identity::Directory>(std::vector<identity::User>{alice, bob}, 1);
}

Request request(std::string statement = "DROP TABLE t") {
  Request out;
  out.subject = {std::move(statement), "", "alice", "orders", "session", "schema", "policy"};
  out.persons = {"alice"};
  out.needs = {{"rule", {{{"dba"}, 1}}}};
  out.brief = "{}";
  return out;
}

class DeskTest : public store::StoreTest {
 protected:
  std::unique_ptr<Desk> open() { return *Desk::open(store_.open(), people()); }
  std::unique_ptr<Desk> desk = open();
};

TEST_P(DeskTest, AnApprovalIsUsedOnce) {
  const auto asked = desk->ask(request(), hours(1));
  ASSERT_TRUE(asked);
  EXPECT_FALSE(desk->use(asked->number, asked->subject));
  ASSERT_TRUE(desk->vote(asked->number, {"bob", Verdict::kApprove, "fine"}));
  const auto used = desk->use(asked->number, asked->subject);
  ASSERT_TRUE(used) << used.error().text;
  EXPECT_EQ(used->summary(), "1 by bob");
  EXPECT_THAT(desk->use(asked->number, asked->subject).error().text, HasSubstr("is used"));
}

TEST_P(DeskTest, OfManyUsesAtOnceOneIsLetThrough) {
  const auto asked = desk->ask(request(), hours(1));
  ASSERT_TRUE(desk->vote(asked->number, {"bob", Verdict::kApprove}));
  const auto other = open();  // another gateway on the same store
  std::atomic<int> let = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      if ((i % 2 == 0 ? *desk : *other).use(asked->number, asked->subject)) ++let;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(let, 1);
}

TEST_P(DeskTest, NothingElseMayUseIt) {
  const auto asked = desk->ask(request(), hours(1));
  ASSERT_TRUE(desk->vote(asked->number, {"bob", Verdict::kApprove}));
  for (const auto field :
       {&Subject::statement, &Subject::parameters, &Subject::requester, &Subject::database,
        &Subject::session, &Subject::schema, &Subject::policy}) {
    Subject other = asked->subject;
    other.*field += "x";
    EXPECT_THAT(desk->use(asked->number, other).error().text, HasSubstr("for something else"));
  }
  EXPECT_TRUE(desk->use(asked->number, asked->subject));
}

TEST_P(DeskTest, AskedTwiceIsOneRequest) {
  const auto first = desk->ask(request(), hours(1));
  const auto second = desk->ask(request(), hours(1));
  EXPECT_EQ(first->number, second->number);
  EXPECT_NE(desk->ask(request("DROP TABLE  t"), hours(1))->number, first->number);
}

TEST_P(DeskTest, AnApprovalIsForTheRulesAndPeopleItWasAskedFor) {
  const auto asked = desk->ask(request(), hours(1));
  ASSERT_TRUE(desk->vote(asked->number, {"bob", Verdict::kApprove}));
  Request other = request();
  other.needs.push_back({"tainted", {{{"dba"}, 1}}});
  EXPECT_NE(desk->ask(other, hours(1))->number, asked->number) << "another rule holds it by now";
  other = request();
  other.persons.emplace_back("carol");
  EXPECT_NE(desk->ask(other, hours(1))->number, asked->number) << "for somebody else";
  other = request();
  other.max_rows = 5;
  EXPECT_NE(desk->ask(other, hours(1))->number, asked->number) << "for fewer rows";
  EXPECT_EQ(desk->ask(request(), hours(1))->number, asked->number);
}

TEST_P(DeskTest, WhoMayNotApproveAnyMoreHasNotApproved) {
  const auto asked = desk->ask(request(), hours(1));
  ASSERT_TRUE(desk->vote(asked->number, {"bob", Verdict::kApprove}));
  desk->set_directory(people(false));
  EXPECT_THAT(desk->use(asked->number, asked->subject).error().text,
              HasSubstr("may not approve any more"));
}

TEST_P(DeskTest, Threat67_ItDecidesByWhoThereIsNow) {
  const auto asked = desk->ask(request(), hours(1));
  ASSERT_TRUE(desk->vote(asked->number, {"bob", Verdict::kApprove}));
  // Read by another connection, which has counted less than the one before it.
  auto now = std::make_shared<const identity::Directory>(people(false)->users(), 0);
  desk->follow([&] { return now; });
  EXPECT_FALSE(*desk->stands(*desk->find(asked->number)));
  EXPECT_THAT(desk->use(asked->number, asked->subject).error().text,
              HasSubstr("may not approve any more"));
  now = people();
  EXPECT_TRUE(*desk->stands(*desk->find(asked->number)));
  now = identity::Directory::lost("the store is away");
  EXPECT_FALSE(*desk->stands(*desk->find(asked->number))) << "nobody is known any more";
}

TEST_P(DeskTest, Threat67_WhoGetsANameGetsNoRequestOfIt) {
  const auto asked = desk->ask(request(), hours(1));
  ASSERT_TRUE(desk->vote(asked->number, {"bob", Verdict::kApprove}));
  auto users = people()->users();
  for (auto& user : users) {
    if (user.name == "alice") user.created_micros = asked->created_micros + 1;
  }
  desk->set_directory(std::make_shared<const identity::Directory>(users, 2));
  EXPECT_THAT(desk->use(asked->number, asked->subject).error().text,
              HasSubstr("somebody else of that name"));
  EXPECT_NE(desk->ask(request(), hours(1))->number, asked->number);
}

TEST_P(DeskTest, WhoIsDisabledUsesNothing) {
  const auto asked = desk->ask(request(), hours(1));
  ASSERT_TRUE(desk->vote(asked->number, {"bob", Verdict::kApprove}));
  auto users = people()->users();
  for (auto& user : users) user.disabled = user.name == "alice";
  desk->set_directory(std::make_shared<const identity::Directory>(users, 2));
  EXPECT_THAT(desk->use(asked->number, asked->subject).error().text, HasSubstr("disabled"));
}

TEST_P(DeskTest, WhatNoLongerCountsIsAskedForAnew) {
  identity::User carol;
  carol.name = "carol";
  carol.groups = {"dba"};
  auto users = people()->users();
  users.push_back(carol);
  desk->set_directory(std::make_shared<const identity::Directory>(users, 2));
  Request limited = request();
  limited.max_rows = 10;
  const auto asked = desk->ask(limited, hours(1));
  ASSERT_TRUE(desk->vote(asked->number, {"bob", Verdict::kApprove, "", "", 0, 3}));
  users[1].disabled = true;
  desk->set_directory(std::make_shared<const identity::Directory>(users, 3));
  // Another's word would bring back what bob has granted, with fewer rows or more.
  EXPECT_THAT(desk->vote(asked->number, {"carol", Verdict::kApprove, "", "", 0, 1}).error().text,
              HasSubstr("is approved already"));
  EXPECT_FALSE(desk->use(asked->number, asked->subject));
  const auto anew = desk->ask(limited, hours(1));
  ASSERT_TRUE(anew) << anew.error().text;
  EXPECT_NE(anew->number, asked->number);
  EXPECT_EQ(anew->state, State::kWaiting);
  const auto old = desk->find(asked->number);
  EXPECT_EQ(old->state, State::kWithdrawn);
  EXPECT_THAT(old->reason, HasSubstr("may not approve any more"));
  ASSERT_TRUE(desk->vote(anew->number, {"carol", Verdict::kApprove, "", "", 0, 1}));
  EXPECT_EQ(desk->use(anew->number, anew->subject)->max_rows, 1);
}

TEST_P(DeskTest, AnApprovalIsNotForWhoHasTheNameLater) {
  Request automatic = request("DROP TABLE u");
  automatic.automatic = true;
  const auto asked = desk->ask(request(), hours(1));
  const auto at_once = desk->ask(automatic, hours(1));
  ASSERT_TRUE(desk->vote(asked->number, {"bob", Verdict::kApprove}));
  auto users = people()->users();
  users[0].created_micros = wall_micros() + 1;
  desk->set_directory(std::make_shared<const identity::Directory>(users, 2));
  for (const auto& each : {*asked, *at_once}) {
    EXPECT_THAT(desk->use(each.number, each.subject).error().text,
                HasSubstr("somebody else of that name"));
  }
  // Nor for who was made long before, and is given the name.
  users[0].created_micros = 0;
  users[0].named_micros = wall_micros() + 1;
  desk->set_directory(std::make_shared<const identity::Directory>(users, 3));
  EXPECT_THAT(desk->use(asked->number, asked->subject).error().text,
              HasSubstr("somebody else of that name"));
}

TEST_P(DeskTest, TheApproverMayAllowFewerRowsNeverMore) {
  Request limited = request();
  limited.max_rows = 10;
  auto asked = desk->ask(limited, hours(1));
  ASSERT_TRUE(desk->vote(asked->number, {"bob", Verdict::kApprove, "", "password", 0, 20}));
  EXPECT_EQ(desk->use(asked->number, asked->subject)->max_rows, 10);
  asked = desk->ask(limited, hours(1));
  ASSERT_TRUE(desk->vote(asked->number, {"bob", Verdict::kApprove, "", "password", 0, 3}));
  EXPECT_EQ(desk->use(asked->number, asked->subject)->max_rows, 3);
}

TEST_P(DeskTest, ExpiryIsNotUndoneByAClockThatIsSetBack) {
  const auto asked = desk->ask(request(), hours(1));
  ASSERT_TRUE(desk->vote(asked->number, {"bob", Verdict::kApprove}));
  desk.reset();
  // Another desk has seen a time two hours on: for this one it is not earlier.
  auto store = store_.open();
  ASSERT_TRUE(RequestStore(store).note_time(wall_micros() + 7'200'000'000));
  desk = open();
  EXPECT_THAT(desk->use(asked->number, asked->subject).error().text, HasSubstr("is expired"));
}

TEST_P(DeskTest, EditedInTheStoreItIsNotWhatWasApproved) {
  const auto asked = desk->ask(request(), hours(1));
  ASSERT_TRUE(desk->vote(asked->number, {"bob", Verdict::kApprove}));
  auto store = store_.open();
  ASSERT_TRUE(store.execute("UPDATE approval_requests SET max_rows = '1000000'"));
  EXPECT_FALSE(desk->use(asked->number, asked->subject));
}

TEST_P(DeskTest, VotesAreNeverChanged) {
  const auto asked = desk->ask(request(), hours(1));
  ASSERT_TRUE(desk->vote(asked->number, {"bob", Verdict::kComment, "hm"}));
  auto store = store_.open();
  EXPECT_FALSE(store.execute("UPDATE approval_votes SET verdict = 'approve'"));
  EXPECT_FALSE(store.execute("DELETE FROM approval_votes"));
}

TEST_P(DeskTest, ADecisionElsewhereIsHeardOf) {
  const auto asked = desk->ask(request(), hours(1));
  std::atomic<bool> heard = false;
  desk->watch(asked->number, [&] { heard = true; });
  const auto forgotten = desk->watch(asked->number, [] { FAIL() << "was forgotten"; });
  desk->forget(forgotten);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(heard);
  const auto other = open();
  ASSERT_TRUE(other->vote(asked->number, {"bob", Verdict::kReject, "no"}));
  for (int i = 0; i < 200 && !heard; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_TRUE(heard);
  EXPECT_THAT(desk->use(asked->number, asked->subject).error().text, HasSubstr("rejected: no"));
}

TEST_P(DeskTest, OnlyWhoAskedWithdraws) {
  const auto asked = desk->ask(request(), hours(1));
  EXPECT_THAT(desk->withdraw(asked->number, "bob", "").error().text, HasSubstr("not yours"));
  EXPECT_TRUE(desk->withdraw(asked->number, "alice", "changed my mind"));
  EXPECT_FALSE(desk->vote(asked->number, {"bob", Verdict::kApprove}));
}

TEST_P(DeskTest, AFloodIsStopped) {
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(desk->ask(request(std::to_string(i)), hours(1)));
  EXPECT_THAT(desk->ask(request("one more"), hours(1)).error().text, HasSubstr("50 requests"));
}

TEST_P(DeskTest, AutomaticNeedsNobody) {
  Request automatic = request();
  automatic.automatic = true;
  automatic.evidence = {"lint: clean"};
  desk->set_directory(people(false));
  const auto asked = desk->ask(automatic, hours(1));
  ASSERT_TRUE(asked) << asked.error().text;
  const auto used = desk->use(asked->number, asked->subject);
  ASSERT_TRUE(used);
  EXPECT_EQ(used->summary(), "1 automatically");
  EXPECT_EQ(used->evidence, automatic.evidence);
}

TEST_P(DeskTest, WhatWasApprovedAutomaticallyIsNotForLater) {
  Request automatic = request();
  automatic.automatic = true;
  automatic.evidence = {"lint: clean"};
  const auto first = desk->ask(automatic, hours(1));
  const auto second = desk->ask(automatic, hours(1));
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->number, second->number);
  // By now it would not be approved so.
  const auto later = desk->ask(request(), hours(1));
  EXPECT_EQ(later->state, State::kWaiting);
  EXPECT_TRUE(desk->use(first->number, first->subject));
  EXPECT_TRUE(desk->use(second->number, second->subject));
  EXPECT_FALSE(desk->use(later->number, later->subject));
}

TEST_P(DeskTest, EvidenceOfOneIsNotAnothersApproval) {
  const auto waiting = desk->ask(request(), hours(1));
  Request automatic = request();
  automatic.automatic = true;
  automatic.evidence = {"lint: clean"};
  const auto other = desk->ask(automatic, hours(1));
  ASSERT_TRUE(other);
  EXPECT_NE(other->number, waiting->number);
  const auto still = desk->find(waiting->number);
  EXPECT_EQ(still->state, State::kWaiting);
  EXPECT_TRUE(still->evidence.empty());
  ASSERT_TRUE(desk->vote(waiting->number, {"bob", Verdict::kApprove}));
  EXPECT_EQ(desk->ask(automatic, hours(1))->number, waiting->number) << "people have let it";
}

TEST_P(DeskTest, WhatWasApprovedAutomaticallyAndNotUsedExpires) {
  Request automatic = request();
  automatic.automatic = true;
  const auto asked = desk->ask(automatic, std::chrono::milliseconds(1));
  ASSERT_TRUE(asked);
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(desk->find(asked->number)->state, State::kExpired);
}

TEST_P(DeskTest, Threat67_AVoteInOtherHandsIsKeptWithBothNamesAndTakenBack) {
  identity::User carol;
  carol.name = "carol";
  auto users = people()->users();
  users.push_back(carol);
  desk->set_directory(std::make_shared<const identity::Directory>(users, 2));
  const auto asked = desk->ask(request(), hours(1));
  Vote vote{"carol", Verdict::kApprove};
  vote.on_behalf = "bob";
  EXPECT_THAT(desk->vote(asked->number, vote).error().text, HasSubstr("has not delegated"));
  Delegation wanted;
  wanted.from = "bob";
  wanted.to = "carol";
  wanted.until_micros = wall_micros() + 3'600'000'000;
  wanted.reason = "away";
  const auto given = desk->delegate(wanted);
  ASSERT_TRUE(given) << given.error().text;
  ASSERT_EQ(desk->delegations()->size(), 1U);
  EXPECT_EQ(desk->delegations()->front().reason, "away");
  const auto voted = desk->vote(asked->number, vote);
  ASSERT_TRUE(voted) << voted.error().text;
  EXPECT_EQ(voted->summary(), "1 by carol for bob");
  EXPECT_EQ(voted->state, State::kApproved);
  EXPECT_TRUE(*desk->stands(*voted));
  EXPECT_FALSE(desk->end_delegation(given->number, "alice")) << "whose it is not";
  ASSERT_TRUE(desk->end_delegation(given->number, "bob"));
  EXPECT_FALSE(desk->end_delegation(given->number, "bob"));
  EXPECT_TRUE(desk->delegations()->empty());
  EXPECT_THAT(desk->use(asked->number, asked->subject).error().text,
              HasSubstr("may not approve any more"));
}

TEST_P(DeskTest, WhoDecidesTooIsToldOnce) {
  Request slow = request();
  slow.needs[0].stages[0].escalate = {{std::chrono::milliseconds(1), {"leads"}}};
  const auto other = open();
  const auto asked = desk->ask(slow, hours(1));
  ASSERT_TRUE(asked) << asked.error().text;
  EXPECT_EQ(asked->needs[0].stages[0], slow.needs[0].stages[0]) << "kept as it was";
  auto store = store_.open();
  const auto told = [&] {
    const auto all = store::notices_after(store, 0, 100);
    return std::count_if(all->begin(), all->end(),
                         [](const auto& notice) { return notice.event == "escalated"; });
  };
  for (int i = 0; i < 300 && told() == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  EXPECT_EQ(told(), 1) << "by one of both desks";
}

SLUICE_FOR_EACH_STORE(DeskTest);

}  // namespace
}  // namespace sluice::approval
