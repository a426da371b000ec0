#include "audit/newest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/log.h"
#include "base/test_folder.h"

namespace sluice::audit {
namespace {

using ::testing::ElementsAre;

class EachNewest : public ::testing::Test {
 protected:
  EachNewest() : log(*Log::open({.directory = folder.path()}, 2)) {
    for (int i = 1; i <= 5000; ++i) add(i);
  }
  ~EachNewest() override { log->close(); }

  /// Every other one is bob's, by another writer.
  void add(int number) {
    Event event;
    event.time_micros = number;
    const std::string text = "SELECT " + std::to_string(number);
    event.text = text;
    const bool bob = number % 2 == 0;
    const EncodedContext who({.user = bob ? "bob" : "alice"});
    ASSERT_TRUE(log->writer(bob ? 1 : 0).append(who, event));
  }
  bool run(Query query) {
    told.clear();
    const auto older = each_newest(folder.path(), query, [&](Record record) {
      told.push_back(record.sequence);
      if (grows) add(6000);
    });
    EXPECT_TRUE(older) << older.error().text;
    EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
    return older.value_or(false);
  }

  TestFolder folder;
  std::unique_ptr<Log> log;
  std::vector<uint64_t> told;
  bool grows = false;
};

TEST_F(EachNewest, AreTheNewestOldestFirst) {
  EXPECT_FALSE(run({.limit = 5000}));
  EXPECT_EQ(told.size(), 5000U);
  EXPECT_FALSE(run({.limit = SIZE_MAX}));
  EXPECT_EQ(told.size(), 5000U);
  EXPECT_TRUE(run({.limit = 3}));
  EXPECT_THAT(told, ElementsAre(4998, 4999, 5000));
  EXPECT_TRUE(run({.user = "alice", .limit = 3}));
  EXPECT_THAT(told, ElementsAre(4995, 4997, 4999));
  EXPECT_TRUE(run({.user = "bob", .limit = 2400}));
  EXPECT_EQ(told.size(), 2400U);
  EXPECT_EQ(told.front(), 202U);
  EXPECT_EQ(told.back(), 5000U);
  EXPECT_FALSE(run({.user = "carl", .limit = 3}));
  EXPECT_TRUE(told.empty());
}

/// As by the statements that it is about.
TEST_F(EachNewest, WhatIsRecordedMeanwhileIsNotAmongThem) {
  grows = true;
  EXPECT_FALSE(run({.limit = SIZE_MAX}));
  EXPECT_EQ(told.size(), 5000U);
}

}  // namespace
}  // namespace sluice::audit
