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

TEST_F(SqliteTest, NewerStoreIsRefused) {
  auto database = open();
  ASSERT_TRUE(database.execute("PRAGMA user_version = 9"));
  const auto migrated = database.migrate({"CREATE TABLE a (x INTEGER)"});
  ASSERT_FALSE(migrated);
  EXPECT_EQ(migrated.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(migrated.error().text, HasSubstr("newer"));
  EXPECT_EQ(number(database, "SELECT count(*) FROM sqlite_master"), 0);
}

}  // namespace
}  // namespace sluice::store
