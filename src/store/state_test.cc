#include "store/state.h"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/test_folder.h"
#include "store/test_store.h"

namespace sluice::store {
namespace {

TEST(State, FolderIsForTheOwnerAlone) {
  const TestFolder folder;
  const auto state = folder / "a" / "b";
  ASSERT_TRUE(open_local(state));
  struct stat info{};
  ASSERT_EQ(stat(state.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
  EXPECT_TRUE(open_local(state)) << "and opens again";
}

TEST(State, FolderThatCannotBeMadeIsAnError) {
  const auto opened = open_local("/proc/no/such");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kIo);
}

class StateTest : public StoreTest {
 protected:
  std::vector<std::string> taken(const std::string& gateway, int64_t now = 1'000) {
    auto events = take_admin_events(database_, gateway, now);
    EXPECT_TRUE(events) << events.error().text;
    std::vector<std::string> out;
    for (const auto& event : *events) out.push_back(event.message + "/" + event.taken_by);
    return out;
  }
  Database database_ = store_.open();
};

TEST_P(StateTest, SecretIsMadeOnceAndDiffersBetweenInstallations) {
  const auto secret = installation_secret(database_);
  ASSERT_TRUE(secret) << secret.error().text;
  EXPECT_EQ(secret->size(), 32U);
  EXPECT_EQ(installation_secret(database_), *secret);
  auto again = store_.open();
  EXPECT_EQ(installation_secret(again), *secret);
  const TestStore elsewhere(GetParam());
  auto other = elsewhere.open();
  EXPECT_NE(installation_secret(other), *secret);
}

TEST_P(StateTest, AdminEventsWaitInOrderUntilForgotten) {
  ASSERT_TRUE(leave_admin_event(database_, "root", "first"));
  ASSERT_TRUE(leave_admin_event(database_, "root", "second"));
  auto events = waiting_admin_events(database_);
  ASSERT_TRUE(events);
  ASSERT_EQ(events->size(), 2U);
  EXPECT_EQ((*events)[0].message, "first");
  EXPECT_EQ((*events)[0].actor, "root");
  EXPECT_GT((*events)[0].time_micros, 0);
  const int64_t first = (*events)[0].id;
  ASSERT_TRUE(forget_admin_event(database_, first));
  events = waiting_admin_events(database_);
  ASSERT_EQ(events->size(), 1U);
  EXPECT_EQ((*events)[0].message, "second");
  ASSERT_TRUE(forget_admin_event(database_, (*events)[0].id));
  ASSERT_TRUE(leave_admin_event(database_, "root", "third"));
  EXPECT_GT(waiting_admin_events(database_)->front().id, first) << "a number is not used again";
}

TEST_P(StateTest, AdminEventGoesWithItsTransaction) {
  {
    auto transaction = Transaction::begin(database_);
    ASSERT_TRUE(leave_admin_event(database_, "root", "never happened"));
  }
  EXPECT_TRUE(waiting_admin_events(database_)->empty());
}

TEST_P(StateTest, OneGatewayTakesAnEventUntilItIsGivenUp) {
  using ::testing::ElementsAre;
  ASSERT_TRUE(leave_admin_event(database_, "root", "first"));
  EXPECT_THAT(taken("a"), ElementsAre("first/"));
  ASSERT_TRUE(leave_admin_event(database_, "root", "second"));
  EXPECT_THAT(taken("b"), ElementsAre("second/"));
  EXPECT_THAT(taken("a"), ElementsAre("first/a")) << "it may have been stopped in between";
  EXPECT_THAT(taken("b", 1'000 + kAbandonedMicros), ElementsAre("second/b"));
  EXPECT_THAT(taken("b", 1'001 + kAbandonedMicros), ElementsAre("first/a", "second/b"));
  EXPECT_THAT(taken("a", 1'001 + kAbandonedMicros), ElementsAre()) << "it is the other's now";
}

TEST_P(StateTest, OfManyWhoTakeAtOnceOneGetsEach) {
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(leave_admin_event(database_, "r", std::to_string(i)));
  std::atomic<size_t> got = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      auto mine = store_.open();
      const auto events = take_admin_events(mine, "gateway " + std::to_string(i), 1'000);
      if (events) got += events->size();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(got, 20U);
}

/// A store of every earlier version, with something in it, becomes what a new one is.
TEST_P(StateTest, EveryEarlierVersionIsBroughtUpToDate) {
  const auto steps = schema_steps();
  for (size_t version = 1; version <= steps.size(); ++version) {
    const TestStore old(GetParam());
    auto database = old.open_bare();
    const auto made = database.migrate(steps.first(version));
    ASSERT_TRUE(made) << version << ": " << made.error().text;
    ASSERT_TRUE(database.execute(
        "INSERT INTO users (name, groups, scram_verifier, created_micros) VALUES ('alice', 'a', "
        "'v', 1); INSERT INTO waiting_admin_events (time_micros, actor, message) VALUES (1, "
        "'root', 'before')"))
        << version;
    if (version >= 3) {
      ASSERT_TRUE(database.execute("INSERT INTO policy_versions VALUES (1, 1, 'h', 'a', '', 't')"));
    }
    auto now = old.open();
    auto query = now.prepare("SELECT kind, totp_step, made_by FROM users WHERE name = 'alice'");
    ASSERT_EQ(query->step(), true) << version;
    EXPECT_EQ(query->text(0), "human");
    const auto waiting = waiting_admin_events(now);
    ASSERT_TRUE(waiting && waiting->size() == 1);
    EXPECT_EQ(waiting->front().type, "admin");
    EXPECT_FALSE(now.execute("DELETE FROM policy_versions") && version >= 3);
    EXPECT_TRUE(leave_admin_event(now, "root", "after"));
  }
}

SLUICE_FOR_EACH_STORE(StateTest);

}  // namespace
}  // namespace sluice::store
