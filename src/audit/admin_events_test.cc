#include "audit/admin_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/search.h"
#include "base/test_folder.h"

namespace sluice::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class AdminEventsTest : public ::testing::Test {
 protected:
  std::unique_ptr<Log> open(const std::string& name) {
    auto log = Log::open({.directory = folder_ / name, .segment_bytes = 1 << 20}, 1);
    EXPECT_TRUE(log) << log.error().text;
    return std::move(*log);
  }
  static std::vector<std::string> told(const Log& log) {
    std::vector<std::string> out;
    const auto records = search(log.directory(), {.user = "root"});
    for (const auto& record : *records) out.push_back(record.message);
    return out;
  }
  TestFolder folder_;
  store::Database database_ = std::move(*store::open_local(folder_ / "store"));
  std::unique_ptr<Log> log_ = open("audit");
};

TEST_F(AdminEventsTest, EachIsRecordedOnceAndInOrder) {
  for (const char* message : {"first", "second"})
    ASSERT_TRUE(store::leave_admin_event(database_, "root", message));
  ASSERT_TRUE(record_admin_events(database_, *log_, "a"));
  ASSERT_TRUE(record_admin_events(database_, *log_, "a"));
  EXPECT_THAT(told(*log_), ElementsAre("first", "second"));
  EXPECT_TRUE(store::waiting_admin_events(database_)->empty());
}

TEST_F(AdminEventsTest, OneThatWasRecordedBeforeAStopIsNotRecordedAgain) {
  ASSERT_TRUE(store::leave_admin_event(database_, "root", "first"));
  // As if the gateway had been killed before it could remove it.
  auto copy = store::waiting_admin_events(database_)->front();
  ASSERT_TRUE(record_admin_events(database_, *log_, "a"));
  auto insert = database_.prepare(
      "INSERT INTO waiting_admin_events (time_micros, actor, message, type, taken_by, "
      "taken_micros) VALUES (?, 'root', 'first', 'admin', 'a', ?)");
  ASSERT_TRUE(insert->bind(1, copy.time_micros).bind(2, copy.time_micros).run());
  ASSERT_TRUE(store::leave_admin_event(database_, "root", "second"));
  ASSERT_TRUE(record_admin_events(database_, *log_, "a"));
  EXPECT_THAT(told(*log_), ElementsAre("first", "second"));
}

TEST_F(AdminEventsTest, OneThatWasTakenAndNotRecordedIsRecorded) {
  ASSERT_TRUE(store::leave_admin_event(database_, "root", "first"));
  ASSERT_TRUE(store::take_admin_events(database_, "a", wall_micros()));
  ASSERT_TRUE(record_admin_events(database_, *log_, "a"));
  EXPECT_THAT(told(*log_), ElementsAre("first"));
}

TEST_F(AdminEventsTest, WhatAnotherHasGivenUpIsTakenOverAndSaidToBe) {
  ASSERT_TRUE(store::leave_admin_event(database_, "root", "first"));
  ASSERT_TRUE(store::take_admin_events(database_, "a", wall_micros()));
  ASSERT_TRUE(record_admin_events(database_, *log_, "b"));
  EXPECT_TRUE(told(*log_).empty()) << "it may be about to";
  ASSERT_TRUE(database_.execute("UPDATE waiting_admin_events SET taken_micros = 1"));
  ASSERT_TRUE(record_admin_events(database_, *log_, "b"));
  EXPECT_THAT(told(*log_), ElementsAre(HasSubstr("first (gateway a took this")));
}

}  // namespace
}  // namespace sluice::audit
