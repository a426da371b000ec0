#include "store/column_corrections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/test_store.h"

namespace sluice::store {
namespace {

using ::testing::HasSubstr;

class ColumnCorrectionsTest : public StoreTest {
 protected:
  static ColumnCorrection nick(const std::string& cls, const std::string& comment = "") {
    ColumnCorrection next;
    next.database = "orders";
    next.schema = "public";
    next.table = "users";
    next.column = "nick";
    next.cls = cls;
    next.author = "alice";
    next.comment = comment;
    return next;
  }

  Database database = store_.open();
};

TEST_P(ColumnCorrectionsTest, TheNewestWordOnAColumnCounts) {
  EXPECT_TRUE(column_corrections(database)->empty());
  EXPECT_EQ(add_column_correction(database, nick("none", "only handles")), 1);
  EXPECT_EQ(add_column_correction(database, nick("social_handle")), 2);
  auto other = nick("email");
  other.column = "mail";
  EXPECT_EQ(add_column_correction(database, other), 3);
  auto elsewhere = nick("phone");
  elsewhere.database = "other";
  EXPECT_EQ(add_column_correction(database, elsewhere), 4);
  const auto all = column_corrections(database);
  ASSERT_EQ(all->size(), 4U);
  EXPECT_EQ(all->front().number, 4) << "the newest first";
  const auto& first = all->back();
  EXPECT_EQ(first.database + first.schema + first.table + first.column, "orderspublicusersnick");
  EXPECT_EQ(first.cls, "none");
  EXPECT_EQ(first.author, "alice");
  EXPECT_EQ(first.comment, "only handles");
  EXPECT_GT(first.time_micros, 0);
  std::vector<int64_t> numbers;
  const auto in_force = column_corrections_in_force(database);
  for (const auto& each : *in_force) numbers.push_back(each.number);
  EXPECT_THAT(numbers, ::testing::UnorderedElementsAre(2, 3, 4));
}

TEST_P(ColumnCorrectionsTest, AutoTakesItBack) {
  ASSERT_TRUE(add_column_correction(database, nick("none")));
  ASSERT_TRUE(add_column_correction(database, nick(kAuto)));
  EXPECT_TRUE(column_corrections_in_force(database)->empty());
  EXPECT_EQ(column_corrections(database)->size(), 2U) << "both remain in the history";
  ASSERT_TRUE(add_column_correction(database, nick("none")));
  EXPECT_EQ(column_corrections_in_force(database)->size(), 1U);
}

TEST_P(ColumnCorrectionsTest, EachIsOnTheRecord) {
  ASSERT_TRUE(add_column_correction(database, nick("none", "only handles")));
  const auto events = waiting_admin_events(database);
  ASSERT_EQ(events->size(), 1U);
  EXPECT_EQ(events->front().actor, "alice");
  EXPECT_EQ(events->front().message,
            "correction 1 saved: column orders.public.users.nick has the class none: only handles");
  // Without room for the record there is no correction either.
  ASSERT_TRUE(database.execute("DROP TABLE waiting_admin_events"));
  EXPECT_FALSE(add_column_correction(database, nick("email")));
  EXPECT_EQ(column_corrections(database)->size(), 1U);
}

TEST_P(ColumnCorrectionsTest, NoneIsChangedOrRemoved) {
  ASSERT_TRUE(add_column_correction(database, nick("none")));
  EXPECT_FALSE(database.execute("UPDATE column_corrections SET class = 'email'"));
  EXPECT_FALSE(database.execute("DELETE FROM column_corrections"));
  EXPECT_EQ(column_corrections(database)->front().cls, "none");
}

TEST_P(ColumnCorrectionsTest, WhatIsMissingOrNoTextIsRefused) {
  auto nobody = nick("none");
  nobody.author = "";
  EXPECT_THAT(add_column_correction(database, nobody).error().text, HasSubstr("author is missing"));
  auto nowhere = nick("none");
  nowhere.schema = "";
  auto broken = nick("none", "\xff");
  for (const auto& wrong : {nobody, nowhere, broken, nick("none", std::string(1001, 'x'))}) {
    const auto refused = add_column_correction(database, wrong);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidInput);
  }
  EXPECT_TRUE(add_column_correction(database, nick("none", std::string(1000, 'x'))));
}

SLUICE_FOR_EACH_STORE(ColumnCorrectionsTest);

}  // namespace
}  // namespace sluice::store
