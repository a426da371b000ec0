#include "store/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/test_folder.h"

namespace sluice::store {
namespace {

TEST(State, FolderIsForTheOwnerAlone) {
  const TestFolder folder;
  const auto state = folder / "a" / "b";
  ASSERT_TRUE(open_state(state));
  struct stat info{};
  ASSERT_EQ(stat(state.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
  EXPECT_TRUE(open_state(state)) << "and opens again";
}

TEST(State, FolderThatCannotBeMadeIsAnError) {
  const auto opened = open_state("/proc/no/such");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kIo);
}

TEST(State, SecretIsMadeOnceAndDiffersBetweenInstallations) {
  const TestFolder folder;
  std::string secret;
  {
    auto database = open_state(folder / "one");
    secret = *installation_secret(*database);
    EXPECT_EQ(secret.size(), 32U);
    EXPECT_EQ(installation_secret(*database), secret);
  }
  auto again = open_state(folder / "one");
  EXPECT_EQ(installation_secret(*again), secret);
  auto other = open_state(folder / "two");
  EXPECT_NE(installation_secret(*other), secret);
}

TEST(State, AdminEventsWaitInOrderUntilForgotten) {
  const TestFolder folder;
  auto database = open_state(folder.path());
  ASSERT_TRUE(leave_admin_event(*database, "root", "first"));
  ASSERT_TRUE(leave_admin_event(*database, "root", "second"));
  auto events = waiting_admin_events(*database);
  ASSERT_TRUE(events);
  ASSERT_EQ(events->size(), 2U);
  EXPECT_EQ((*events)[0].message, "first");
  EXPECT_EQ((*events)[0].actor, "root");
  EXPECT_GT((*events)[0].time_micros, 0);
  const int64_t first = (*events)[0].id;
  ASSERT_TRUE(forget_admin_event(*database, first));
  events = waiting_admin_events(*database);
  ASSERT_EQ(events->size(), 1U);
  EXPECT_EQ((*events)[0].message, "second");
  ASSERT_TRUE(forget_admin_event(*database, (*events)[0].id));
  ASSERT_TRUE(leave_admin_event(*database, "root", "third"));
  EXPECT_GT(waiting_admin_events(*database)->front().id, first) << "a number is not used again";
}

TEST(State, AdminEventGoesWithItsTransaction) {
  const TestFolder folder;
  auto database = open_state(folder.path());
  {
    auto transaction = Transaction::begin(*database);
    ASSERT_TRUE(leave_admin_event(*database, "root", "never happened"));
  }
  EXPECT_TRUE(waiting_admin_events(*database)->empty());
}

}  // namespace
}  // namespace sluice::store
