#include "change/change_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "identity/user_store.h"
#include "store/state.h"
#include "store/test_store.h"

namespace sluice::change {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ChangeStoreTest : public store::StoreTest {
 protected:
  std::unique_ptr<ChangeStore> open(const std::string& runner = "gateway") {
    return std::make_unique<ChangeStore>(store_.open(), runner);
  }
  Change example() {
    Change change;
    change.requester = "alice";
    change.actors = {"robot", "alice"};
    change.title = "Notes";
    change.reason = "asked for";
    change.targets = {"staging", "orders"};
    change.script = "SELECT 1; SELECT 2";
    change.rollback = "SELECT 3";
    change.lock_timeout = std::chrono::milliseconds(300);
    change.state = State::kReady;
    return change;
  }
  StepState state_of(int64_t number, size_t step) {
    return store->find(number)->steps.at(step).state;
  }

  std::unique_ptr<ChangeStore> store = open();
};

TEST_P(ChangeStoreTest, KeepsAllOfIt) {
  const auto number = store->add(example());
  ASSERT_TRUE(number) << number.error().text;
  const auto kept = store->find(*number);
  ASSERT_TRUE(kept) << kept.error().text;
  EXPECT_EQ(kept->state, State::kReady);
  EXPECT_THAT(kept->targets, ElementsAre("staging", "orders"));
  EXPECT_THAT(kept->actors, ElementsAre("robot", "alice"));
  EXPECT_EQ(kept->script, example().script);
  EXPECT_EQ(kept->rollback, "SELECT 3");
  EXPECT_EQ(kept->lock_timeout, std::chrono::milliseconds(300));
  EXPECT_EQ(store->find(77).error().code, ErrorCode::kNotFound);
  ASSERT_EQ(store->list({State::kReady, "alice"})->size(), 1U);
  EXPECT_TRUE(store->list({State::kDone, ""})->empty());
  EXPECT_TRUE(store->list({std::nullopt, "bob"})->empty());
}

TEST_P(ChangeStoreTest, OneOfManyBeginsToRunIt) {
  const int64_t number = *store->add(example());
  const auto other = open("another");
  EXPECT_TRUE(*store->move(number, State::kReady, State::kRunning, "alice", "run"));
  EXPECT_FALSE(*other->move(number, State::kReady, State::kRunning, "alice", "run"));
  auto database = store_.open();
  std::vector<std::string> said;
  const auto events = *store::waiting_admin_events(database);
  for (const auto& event : events) said.push_back(event.message);
  EXPECT_THAT(said,
              ElementsAre(HasSubstr("change 1: submitted for staging, orders"), "change 1: run"));
}

TEST_P(ChangeStoreTest, StepsAreKeptAsTheyGo) {
  const int64_t number = *store->add(example());
  for (size_t step = 0; step < 2; ++step) {
    ASSERT_TRUE(store->begin_step(number, {Part::kScript, 1, step}));
    EXPECT_EQ(state_of(number, step), StepState::kRunning);
    ASSERT_TRUE(
        store->end_step(number, {Part::kScript, 1, step, StepState::kRan, 0, 0, "SELECT 1"}));
  }
  EXPECT_FALSE(store->begin_step(number, {Part::kScript, 1, 0})) << "none runs twice";
  ASSERT_TRUE(store->move_steps(number, Part::kScript, 0, StepState::kRan, StepState::kDone));
  EXPECT_EQ(state_of(number, 0), StepState::kRan) << "of another target";
  ASSERT_TRUE(store->move_steps(number, Part::kScript, 1, StepState::kRan, StepState::kUndone));
  EXPECT_EQ(state_of(number, 0), StepState::kUndone);
  EXPECT_EQ(store->find(number)->steps.at(1).message, "SELECT 1");
}

TEST_P(ChangeStoreTest, WhatWasRunningWhenTheGatewayEndedHasFailed) {
  {
    auto database = store_.open();
    ASSERT_TRUE(identity::UserStore(database, "test")
                    .add({.name = "alice"}, SecretString("correct horse battery")));
  }
  const int64_t number = *store->add(example());
  const int64_t others = *store->add(example());
  ASSERT_TRUE(*store->move(number, State::kReady, State::kRunning, "alice", "run"));
  ASSERT_TRUE(*open("another")->move(others, State::kReady, State::kRunning, "alice", "run"));
  ASSERT_TRUE(store->begin_step(number, {Part::kScript, 0, 0}));
  ASSERT_TRUE(store->end_step(number, {Part::kScript, 0, 0, StepState::kRan}));
  ASSERT_TRUE(store->begin_step(number, {Part::kScript, 0, 1}));
  identity::NewCredential credential;
  credential.user = "alice";
  credential.label = credential_label(number);
  credential.assurance.method = "password";
  credential.expires_micros = wall_micros() + 3'600'000'000;
  const auto issued = store->issue(credential, "test");
  ASSERT_TRUE(issued) << issued.error().text;

  const auto again = open();
  ASSERT_TRUE(again->close_interrupted());
  const auto closed = *again->find(number);
  EXPECT_EQ(closed.state, State::kFailed);
  EXPECT_THAT(closed.problem, HasSubstr("interrupted"));
  EXPECT_EQ(closed.steps.at(0).state, StepState::kUnknown);
  EXPECT_EQ(closed.steps.at(1).state, StepState::kUnknown);
  EXPECT_EQ(again->find(others)->state, State::kRunning) << "it is another gateway's";
  EXPECT_EQ((*again->directory())->credential(issued->id)->live(wall_micros()), false);
}

SLUICE_FOR_EACH_STORE(ChangeStoreTest);

}  // namespace
}  // namespace sluice::change
