#include "store/saved_searches.h"

#include <gtest/gtest.h>

#include "store/test_store.h"

namespace sluice::store {
namespace {

class SavedSearches : public StoreTest {};

TEST_P(SavedSearches, AreKeptByNameUntilTheyAreRemoved) {
  auto database = store_.open();
  ASSERT_TRUE(save_search(database, {.name = "slow", .query = "min_duration=1s", .author = "al"}));
  ASSERT_TRUE(save_search(database, {.name = "denied", .query = "decision=denied"}));
  ASSERT_TRUE(save_search(database, {.name = "slow", .query = "min_duration=2s", .author = "bo"}));
  const auto all = saved_searches(database);
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ(all->at(1).query, "min_duration=2s");
  EXPECT_EQ(saved_search(database, "slow")->author, "bo");
  ASSERT_TRUE(remove_search(database, "slow"));
  EXPECT_EQ(saved_search(database, "slow").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(remove_search(database, "slow").error().code, ErrorCode::kNotFound);
}

TEST_P(SavedSearches, NamesAndLengthsAreBounded) {
  auto database = store_.open();
  EXPECT_FALSE(save_search(database, {.name = ""}));
  EXPECT_FALSE(save_search(database, {.name = std::string(1000, 'n')}));
  EXPECT_FALSE(save_search(database, {.name = "n", .query = std::string(10'000, 'q')}));
}

SLUICE_FOR_EACH_STORE(SavedSearches);

}  // namespace
}  // namespace sluice::store
