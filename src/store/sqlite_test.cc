#include "store/sqlite.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/test_folder.h"

namespace sluice::store {
namespace {

using ::testing::HasSubstr;

class SqliteTest : public ::testing::Test {
 protected:
  Database open(const std::string& name = "test.db") {
    auto database = Database::open(folder / name);
    EXPECT_TRUE(database) << database.error().text;
    return std::move(*database);
  }
  static int64_t number(Database& database, const std::string& sql) {
    auto query = database.prepare(sql);
    EXPECT_TRUE(query) << query.error().text;
    EXPECT_EQ(query->step(), true);
    return query->integer(0);
  }
  static mode_t mode(const std::filesystem::path& file) {
    struct stat info{};
    EXPECT_EQ(stat(file.c_str(), &info), 0) << file;
    return info.st_mode & 0777;
  }

  TestFolder folder;
};

TEST_F(SqliteTest, FilesAreForTheOwnerAloneWhateverTheUmask) {
  const mode_t before = umask(0);
  auto database = open();
  EXPECT_TRUE(database.execute("CREATE TABLE t (a INTEGER)"));
  umask(before);
  EXPECT_EQ(mode(folder / "test.db"), 0600U);
  EXPECT_EQ(mode(folder / "test.db-wal"), 0600U);
}

/// Whether another process could take the file for one that nobody has open.
bool looks_unused(const std::filesystem::path& file) {
  const pid_t child = fork();
  if (child == 0) {
    const int fd = ::open(file.c_str(), O_RDWR);
    struct flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_start = 0x40000002;  // SQLite's range of shared locks
    lock.l_len = 510;
    _exit(fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type == F_UNLCK ? 1 : 0);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WEXITSTATUS(status) == 1;
}

TEST_F(SqliteTest, AnotherConnectionOfThisProcessLeavesTheLocksAlone) {
  auto first = open();
  ASSERT_TRUE(first.execute("CREATE TABLE t (a INTEGER)"));
  EXPECT_FALSE(looks_unused(folder / "test.db"));
  auto second = open();
  EXPECT_FALSE(looks_unused(folder / "test.db"));
}

TEST_F(SqliteTest, ErrorsSayWhatHappened) {
  const auto missing = Database::open(folder / "no" / "such" / "folder.db");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().text, HasSubstr("No such file or directory"));
  auto database = open();
  const auto bad = database.prepare("SELEC 1");
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().text, HasSubstr("syntax error"));
}

TEST_F(SqliteTest, ValuesComeBackWithNulsAndOddBytes) {
  auto database = open();
  ASSERT_TRUE(database.execute("CREATE TABLE t (a INTEGER, b TEXT, c BLOB, d TEXT)"));
  auto insert = database.prepare("INSERT INTO t VALUES (?, ?, ?, ?)");
  const std::string text("a\0é'", 5);
  const std::string blob("\xFF\0\1", 3);
  ASSERT_TRUE(
      insert->bind(1, int64_t{INT64_MIN}).bind(2, text).bind_blob(3, blob).bind_null(4).run());
  ASSERT_TRUE(insert->bind(1, int64_t{1}).bind(2, std::string_view()).bind_blob(3, {}).run());
  EXPECT_EQ(database.last_insert_id(), 2);
  auto query = database.prepare("SELECT a, b, c, d FROM t ORDER BY rowid");
  ASSERT_EQ(query->step(), true);
  EXPECT_EQ(query->integer(0), INT64_MIN);
  EXPECT_EQ(query->text(1), text);
  EXPECT_EQ(query->text(2), blob);
  EXPECT_EQ(query->text(3), "");
  ASSERT_EQ(query->step(), true);
  EXPECT_EQ(query->text(1), "");
  EXPECT_EQ(query->step(), false);
  EXPECT_EQ(number(database, "SELECT count(*) FROM t WHERE d IS NULL AND b IS NOT NULL"), 2);
}

TEST_F(SqliteTest, StatementCanBeRunAgain) {
  auto database = open();
  ASSERT_TRUE(database.execute("CREATE TABLE t (a INTEGER UNIQUE)"));
  auto insert = database.prepare("INSERT INTO t VALUES (?)");
  for (int64_t i = 0; i < 5; ++i) ASSERT_TRUE(insert->bind(1, i).run());
  const auto twice = insert->bind(1, int64_t{3}).run();
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, ErrorCode::kExists);
  EXPECT_TRUE(insert->bind(1, int64_t{9}).run()) << "also after an error";
  EXPECT_EQ(database.changes(), 1);
}

TEST_F(SqliteTest, TransactionIsAllOrNothing) {
  auto database = open();
  ASSERT_TRUE(database.execute("CREATE TABLE t (a INTEGER)"));
  {
    auto transaction = Transaction::begin(database);
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(database.execute("INSERT INTO t VALUES (1)"));
  }
  EXPECT_EQ(number(database, "SELECT count(*) FROM t"), 0);
  auto transaction = Transaction::begin(database);
  ASSERT_TRUE(database.execute("INSERT INTO t VALUES (1)"));
  ASSERT_TRUE(transaction->commit());
  EXPECT_EQ(number(database, "SELECT count(*) FROM t"), 1);
}

TEST_F(SqliteTest, MigratesFromEveryVersion) {
  auto database = open();
  ASSERT_TRUE(database.migrate({"CREATE TABLE a (x INTEGER)"}));
  ASSERT_TRUE(database.migrate({"CREATE TABLE a (x INTEGER)"})) << "nothing to do";
  ASSERT_TRUE(database.execute("INSERT INTO a VALUES (7)"));
  const std::initializer_list<const char*> steps = {
      "CREATE TABLE a (x INTEGER)", "ALTER TABLE a ADD COLUMN y INTEGER DEFAULT 1",
      "CREATE TABLE b (z INTEGER); INSERT INTO b SELECT x FROM a"};
  ASSERT_TRUE(database.migrate(steps));
  EXPECT_EQ(number(database, "SELECT x * 10 + y FROM a"), 71);
  EXPECT_EQ(number(database, "SELECT z FROM b"), 7);
  EXPECT_EQ(number(database, "PRAGMA user_version"), 3);
  auto fresh = open("fresh.db");
  ASSERT_TRUE(fresh.migrate(steps));
  EXPECT_EQ(number(fresh, "SELECT count(*) FROM b"), 0);
}

TEST_F(SqliteTest, FailedMigrationLeavesEverythingAsItWas) {
  auto database = open();
  ASSERT_TRUE(database.migrate({"CREATE TABLE a (x INTEGER)"}));
  EXPECT_FALSE(database.migrate(
      {"CREATE TABLE a (x INTEGER)", "CREATE TABLE b (x INTEGER)", "this is no SQL"}));
  EXPECT_EQ(number(database, "PRAGMA user_version"), 1);
  EXPECT_EQ(number(database, "SELECT count(*) FROM sqlite_master WHERE name = 'b'"), 0);
  EXPECT_TRUE(database.execute("INSERT INTO a VALUES (1)")) << "no transaction is left open";
}

TEST_F(SqliteTest, NewerStoreIsRefused) {
  auto database = open();
  ASSERT_TRUE(database.execute("PRAGMA user_version = 9"));
  const auto migrated = database.migrate({"CREATE TABLE a (x INTEGER)"});
  ASSERT_FALSE(migrated);
  EXPECT_EQ(migrated.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(migrated.error().text, HasSubstr("newer"));
  EXPECT_EQ(number(database, "SELECT count(*) FROM sqlite_master"), 0);
}

TEST_F(SqliteTest, TwoProcessesMigratingAtOnceDoItOnce) {
  auto first = open();
  auto second = open();
  ASSERT_TRUE(first.migrate({"CREATE TABLE a (x INTEGER)"}));
  EXPECT_TRUE(second.migrate({"CREATE TABLE a (x INTEGER)"}));
}

TEST_F(SqliteTest, DataVersionShowsTheCommitsOfOthers) {
  auto mine = open();
  auto other = open();
  ASSERT_TRUE(other.execute("CREATE TABLE t (a INTEGER)"));
  const auto before = mine.data_version();
  EXPECT_EQ(mine.data_version(), *before);
  ASSERT_TRUE(other.execute("INSERT INTO t VALUES (1)"));
  EXPECT_NE(mine.data_version(), *before);
}

}  // namespace
}  // namespace sluice::store
