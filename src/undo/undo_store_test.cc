#include "undo/undo_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/test_store.h"

namespace sluice::undo {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class UndoStoreTest : public store::StoreTest {
 protected:
  std::unique_ptr<UndoStore> open(const std::string& key = "undo.key") {
    std::filesystem::create_directories(store_.config().state);
    auto opened = UndoStore::open(store_.open(), store_.config().state / key);
    EXPECT_TRUE(opened) << opened.error().text;
    return std::move(*opened);
  }
  static Entry entry(int64_t request, int64_t until) {
    Entry out;
    out.request = request;
    out.requester = "alice";
    out.database = "orders";
    out.summary = "1 row of public.orders";
    out.created_micros = 1000;
    out.until_micros = until;
    return out;
  }
  static Images images(const std::string& before) {
    Images out;
    out.transaction = "77";
    out.tables = {{"public", "orders", {{"id", "integer"}}, {"id"}, {{"(1)", before, "(2)"}}}};
    return out;
  }
  static std::vector<int64_t> requests(const std::vector<Entry>& entries) {
    std::vector<int64_t> out;
    for (const Entry& one : entries) out.push_back(one.request);
    return out;
  }

  std::unique_ptr<UndoStore> undo_ = open();
};

TEST_P(UndoStoreTest, WhatIsKeptComesBackAsItWas) {
  const auto id = undo_->keep(entry(12, 5000), images("(\"a, \\\"b\")"));
  ASSERT_TRUE(id) << id.error().text;
  const auto found = undo_->of_request(12, 4999);
  ASSERT_TRUE(found) << found.error().text;
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().id, *id);
  EXPECT_EQ(found->front().requester, "alice");
  EXPECT_EQ(found->front().until_micros, 5000);
  EXPECT_EQ(*undo_->images(found->front()), images("(\"a, \\\"b\")"));
  EXPECT_EQ(*open()->images(found->front()), images("(\"a, \\\"b\")")) << "by another gateway";
}

TEST_P(UndoStoreTest, AfterItsTimeItIsNotUndoneEvenIfNobodyHasTidied) {
  ASSERT_TRUE(undo_->keep(entry(12, 5000), images("(1)")));
  ASSERT_TRUE(undo_->keep(entry(13, 6000), images("(1)")));
  EXPECT_TRUE(undo_->of_request(12, 5000)->empty());
  EXPECT_THAT(requests(*undo_->expired(4999)), ElementsAre());
  EXPECT_THAT(requests(*undo_->expired(5000)), ElementsAre(12));
  EXPECT_THAT(requests(*undo_->expired(9000)), ElementsAre(12, 13));
}

TEST_P(UndoStoreTest, OneOfManyFinishesAndNothingIsLeftOfTheRows) {
  ASSERT_TRUE(undo_->keep(entry(12, 5000), images("(1)")));
  const Entry kept = undo_->of_request(12, 0)->front();
  const auto other = open();
  EXPECT_TRUE(*undo_->finish(kept, EntryState::kUndone, "dora", "undone what ran"));
  EXPECT_FALSE(*other->finish(kept, EntryState::kGone, "sluice", "over"));
  EXPECT_FALSE(other->images(kept)) << "what was kept is forgotten";
  EXPECT_TRUE(other->of_request(12, 0)->empty());
  const Entry after = undo_->list(10)->front();
  EXPECT_EQ(after.state, EntryState::kUndone);
  EXPECT_EQ(after.undone_by, "dora");
  auto database = store_.open();
  const auto told = store::waiting_admin_events(database);
  ASSERT_TRUE(told);
  ASSERT_EQ(told->size(), 1U) << "once";
  EXPECT_THAT(told->front().message, HasSubstr("undone what ran"));
}

TEST_P(UndoStoreTest, AnotherKeyReadsNothing) {
  ASSERT_TRUE(undo_->keep(entry(12, 5000), images("(1)")));
  const auto other = open("another.key");
  const auto found = other->of_request(12, 0);
  ASSERT_EQ(found->size(), 1U) << "that there is something is told";
  EXPECT_FALSE(other->images(found->front()));
}

TEST_P(UndoStoreTest, NothingOfTheRowsCanBeReadInTheStore) {
  ASSERT_TRUE(undo_->keep(entry(12, 5000), images("Unlikely-Word-Here")));
  auto database = store_.open();
  auto query = database.prepare("SELECT sealed FROM undo_entries");
  ASSERT_TRUE(query);
  ASSERT_TRUE(*query->step());
  EXPECT_THAT(query->text(0), ::testing::Not(HasSubstr("Unlikely")));
}

SLUICE_FOR_EACH_STORE(UndoStoreTest);

}  // namespace
}  // namespace sluice::undo
