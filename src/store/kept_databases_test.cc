#include "store/kept_databases.h"

#include <gmock/gmock.h>

#include "store/test_store.h"

namespace sluice::store {
namespace {

using ::testing::HasSubstr;

KeptDatabase orders() {
  KeptDatabase row;
  row.name = "orders";
  row.environment = "production";
  row.url = "postgres://db.internal:5432/orders";
  row.user = "sluice";
  row.authority = "-----BEGIN CERTIFICATE-----\n";
  row.masking = false;
  row.stamp_writes = true;
  row.pool_size = 7;
  row.sealed = std::string("\0\xff'secret", 9);
  row.author = "root";
  return row;
}

class KeptDatabasesTest : public StoreTest {
 protected:
  Database database_ = store_.open();
  std::vector<std::string> words() {
    std::vector<std::string> out;
    const auto waiting = waiting_admin_events(database_);
    EXPECT_TRUE(waiting);
    for (const auto& event : *waiting) out.push_back(event.message);
    return out;
  }
};

TEST_P(KeptDatabasesTest, AreKeptAsTheyWereGivenWithAWordForTheRecord) {
  ASSERT_TRUE(add_kept_database(database_, orders(), "orders added"));
  auto other = store_.open();
  const auto all = kept_databases(other);
  ASSERT_TRUE(all) << all.error().text;
  ASSERT_EQ(all->size(), 1U);
  auto expected = orders();
  EXPECT_GT(all->front().created_micros, 0);
  expected.created_micros = all->front().created_micros;
  expected.changed_micros = all->front().changed_micros;
  EXPECT_EQ(all->front(), expected);
  EXPECT_THAT(words(), ::testing::ElementsAre("orders added"));
}

TEST_P(KeptDatabasesTest, ANameIsTakenOnce) {
  ASSERT_TRUE(add_kept_database(database_, orders(), "orders added"));
  const auto again = add_kept_database(database_, orders(), "again");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kExists);
  EXPECT_THAT(words(), ::testing::ElementsAre("orders added")) << "nothing happened, nothing said";
}

TEST_P(KeptDatabasesTest, NobodysChangeIsLostUnseen) {
  ASSERT_TRUE(add_kept_database(database_, orders(), "orders added"));
  const auto known = kept_databases(database_)->front();
  auto next = known;
  next.environment = "staging";
  ASSERT_TRUE(change_kept_database(database_, known, next, "orders changed"));
  const auto now = kept_databases(database_)->front();
  EXPECT_EQ(now.environment, "staging");
  EXPECT_EQ(now.created_micros, known.created_micros);
  const auto late = change_kept_database(database_, known, next, "late");
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kExists);
  EXPECT_THAT(late.error().text, HasSubstr("somebody else"));
  auto gone = known;
  gone.name = "hr";
  EXPECT_EQ(change_kept_database(database_, gone, next, "x").error().code, ErrorCode::kNotFound);
}

TEST_P(KeptDatabasesTest, RemovedOnesAreGone) {
  ASSERT_TRUE(add_kept_database(database_, orders(), "orders added"));
  ASSERT_TRUE(remove_kept_database(database_, "orders", "root", "orders removed"));
  EXPECT_TRUE(kept_databases(database_)->empty());
  EXPECT_THAT(words(), ::testing::ElementsAre("orders added", "orders removed"));
  EXPECT_EQ(remove_kept_database(database_, "orders", "root", "x").error().code,
            ErrorCode::kNotFound);
}

SLUICE_FOR_EACH_STORE(KeptDatabasesTest);

}  // namespace
}  // namespace sluice::store
