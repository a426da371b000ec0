#include "store/database.h"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/test_store.h"

namespace sluice::store {
namespace {

using ::testing::HasSubstr;

class DatabaseTest : public StoreTest {
 protected:
  /// With a table, as a store's are made.
  Database open() {
    auto database = store_.open_bare();
    const auto migrated = database.migrate({kTable});
    EXPECT_TRUE(migrated) << migrated.error().text;
    return database;
  }
  static int64_t number(Database& database, const std::string& sql) {
    auto query = database.prepare(sql);
    EXPECT_TRUE(query) << query.error().text;
    EXPECT_EQ(query->step(), true);
    return query->integer(0);
  }
  static constexpr const char* kTable =
      "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a INTEGER UNIQUE, b TEXT, c BLOB) "
      "STRICT;";
};

TEST_P(DatabaseTest, ValuesComeBackAsTheyWere) {
  auto database = open();
  auto insert = database.prepare("INSERT INTO t (a, b, c) VALUES (?, ?, ?) RETURNING id");
  const std::string text("aé'\n\\");
  const std::string blob("\xFF\0\1\\'", 5);
  EXPECT_EQ(insert->bind(1, int64_t{INT64_MIN}).bind(2, text).bind_blob(3, blob).run_returning(),
            1);
  EXPECT_EQ(insert->bind(1, int64_t{1}).bind(2, std::string_view()).bind_null(3).run_returning(),
            2);
  auto query = database.prepare("SELECT a, b, c FROM t ORDER BY id");
  ASSERT_EQ(query->step(), true);
  EXPECT_EQ(query->integer(0), INT64_MIN);
  EXPECT_EQ(query->text(1), text);
  EXPECT_EQ(query->text(2), blob);
  ASSERT_EQ(query->step(), true);
  EXPECT_EQ(query->text(1), "");
  EXPECT_EQ(query->text(2), "");
  EXPECT_EQ(query->step(), false);
  EXPECT_EQ(number(database, "SELECT count(*) FROM t WHERE c IS NULL AND b IS NOT NULL"), 1);
  EXPECT_EQ(number(database, "SELECT b = '' FROM t WHERE a = 1"), 1);
}

TEST_P(DatabaseTest, StatementCanBeRunAgain) {
  auto database = open();
  auto insert = database.prepare("INSERT INTO t (a) VALUES (?)");
  for (int64_t i = 0; i < 5; ++i) ASSERT_TRUE(insert->bind(1, i).run());
  const auto twice = insert->bind(1, int64_t{3}).run();
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, ErrorCode::kExists);
  EXPECT_TRUE(insert->bind(1, int64_t{9}).run()) << "also after an error";
  EXPECT_EQ(database.changes(), 1);
  auto update = database.prepare("UPDATE t SET b = 'x' WHERE a < ?");
  ASSERT_TRUE(update->bind(1, int64_t{3}).run());
  EXPECT_EQ(database.changes(), 3);
}

TEST_P(DatabaseTest, TextIsInTheOrderOfItsBytes) {
  auto database = open();
  ASSERT_TRUE(database.execute("INSERT INTO t (b) VALUES ('b'), ('B'), ('a'), ('é'), ('_')"));
  auto query = database.prepare("SELECT b FROM t ORDER BY b");
  std::string all;
  while (*query->step()) all += query->text(0);
  EXPECT_EQ(all, "B_abé");
}

TEST_P(DatabaseTest, TransactionIsAllOrNothing) {
  auto database = open();
  {
    auto transaction = Transaction::begin(database);
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(database.execute("INSERT INTO t (a) VALUES (1)"));
  }
  EXPECT_EQ(number(database, "SELECT count(*) FROM t"), 0);
  auto transaction = Transaction::begin(database);
  ASSERT_TRUE(database.execute("INSERT INTO t (a) VALUES (1)"));
  ASSERT_TRUE(transaction->commit());
  EXPECT_EQ(number(database, "SELECT count(*) FROM t"), 1);
}

TEST_P(DatabaseTest, OneWithinAnotherIsTakenBackAlone) {
  auto database = open();
  auto outer = Transaction::begin(database);
  ASSERT_TRUE(database.execute("INSERT INTO t (a) VALUES (1)"));
  {
    auto inner = Transaction::begin(database);
    ASSERT_TRUE(inner) << inner.error().text;
    ASSERT_TRUE(database.execute("INSERT INTO t (a) VALUES (2)"));
    EXPECT_FALSE(database.execute("INSERT INTO t (a) VALUES (1)"));
  }
  {
    auto inner = Transaction::begin(database);
    ASSERT_TRUE(database.execute("INSERT INTO t (a) VALUES (3)"));
    ASSERT_TRUE(inner->commit());
  }
  ASSERT_TRUE(outer->commit());
  EXPECT_EQ(number(database, "SELECT count(*) FROM t"), 2);
  EXPECT_EQ(number(database, "SELECT max(a) FROM t"), 3);
}

/// What is read decides on what is written: each has to see what the one before has left.
TEST_P(DatabaseTest, WritersWaitForEachOther) {
  auto first = open();
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      auto mine = store_.open_bare();
      for (int turn = 0; turn < 10; ++turn) {
        auto transaction = Transaction::begin(mine);
        if (!transaction) {
          ++failed;
          continue;
        }
        const int64_t next = number(mine, "SELECT coalesce(max(a), 0) + 1 FROM t");
        auto insert = mine.prepare("INSERT INTO t (a) VALUES (?)");
        if (!insert->bind(1, next).run() || !transaction->commit()) ++failed;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(number(first, "SELECT max(a) FROM t"), 40);
}

TEST_P(DatabaseTest, MigratesFromEveryVersion) {
  auto database = open();
  ASSERT_TRUE(database.migrate({kTable})) << "nothing to do";
  ASSERT_TRUE(database.execute("INSERT INTO t (a) VALUES (7)"));
  const std::initializer_list<const char*> steps = {
      kTable, "ALTER TABLE t ADD COLUMN y INTEGER NOT NULL DEFAULT 1;",
      "CREATE TABLE b (z INTEGER) STRICT; INSERT INTO b SELECT a FROM t"};
  ASSERT_TRUE(database.migrate(steps));
  EXPECT_EQ(number(database, "SELECT a * 10 + y FROM t"), 71);
  EXPECT_EQ(number(database, "SELECT z FROM b"), 7);
}

TEST_P(DatabaseTest, FailedMigrationLeavesEverythingAsItWas) {
  auto database = open();
  EXPECT_FALSE(database.migrate({kTable, "CREATE TABLE b (x INTEGER)", "this is no SQL"}));
  EXPECT_FALSE(database.prepare("SELECT x FROM b").and_then([](auto s) { return s.step(); }));
  EXPECT_TRUE(database.execute("INSERT INTO t (a) VALUES (1)")) << "no transaction is left open";
  EXPECT_TRUE(database.migrate({kTable, "CREATE TABLE b (x INTEGER)"}));
}

TEST_P(DatabaseTest, NewerStoreIsRefused) {
  auto database = open();
  ASSERT_TRUE(database.migrate({kTable, "SELECT 1"}));
  const auto migrated = database.migrate({kTable});
  ASSERT_FALSE(migrated);
  EXPECT_EQ(migrated.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(migrated.error().text, HasSubstr("newer"));
}

TEST_P(DatabaseTest, ManyWhoMigrateAtOnceDoItOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      auto mine = store_.open_bare();
      if (!mine.migrate({kTable, "INSERT INTO t (a) VALUES (1)"})) ++failed;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
}

TEST_P(DatabaseTest, DataVersionShowsTheCommitsOfOthers) {
  auto mine = open();
  auto other = store_.open_bare();
  const auto before = mine.data_version();
  ASSERT_TRUE(before);
  EXPECT_EQ(mine.data_version(), *before);
  {
    auto transaction = Transaction::begin(other);
    ASSERT_TRUE(other.execute("INSERT INTO t (a) VALUES (1)"));
    EXPECT_EQ(mine.data_version(), *before) << "not before it counts";
    ASSERT_TRUE(transaction->commit());
  }
  EXPECT_NE(mine.data_version(), *before);
}

SLUICE_FOR_EACH_STORE(DatabaseTest);

}  // namespace
}  // namespace sluice::store
