#include "store/postgres.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "base/clock.h"
#include "store/policy_versions.h"
#include "store/test_store.h"

namespace sluice::store {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

/// All with "Shared" in their names, so that one server serves them; see SLUICE_FOR_EACH_STORE.
class SharedPostgres : public ::testing::Test {
 protected:
  static int64_t number(Database& database, const std::string& sql) {
    auto query = database.prepare(sql);
    const auto row = query->step();
    EXPECT_TRUE(row) << row.error().text;
    return row ? query->integer(0) : 0;
  }
  Result<> save() {
    PolicyVersion next;
    next.author = "alice";
    return add_policy_version(database, next, 0).transform([](int64_t) {});
  }
  TestStore store{Where::kShared};
  Database database = store.open();
};

TEST_F(SharedPostgres, ALostConnectionIsMadeAnew) {
  auto other = store.open();
  const int64_t backend = number(database, "SELECT pg_backend_pid()");
  ASSERT_TRUE(other.execute("SELECT pg_terminate_backend(" + std::to_string(backend) + ", 5000)"));
  EXPECT_TRUE(save());
  EXPECT_NE(number(database, "SELECT pg_backend_pid()"), backend);
}

TEST_F(SharedPostgres, ATransactionIsLostWithItsConnection) {
  {
    auto transaction = Transaction::begin(database);
    ASSERT_TRUE(database.execute("INSERT INTO secrets VALUES ('a', x'00')"));
    const int64_t backend = number(database, "SELECT pg_backend_pid()");
    ASSERT_EQ(kill(static_cast<pid_t>(backend), SIGTERM), 0);
    for (int i = 0; i < 2; ++i) {
      const auto second = database.execute("INSERT INTO secrets VALUES ('b', x'00')");
      ASSERT_FALSE(second) << "outside of any transaction";
      EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
    }
    EXPECT_FALSE(transaction->commit());
  }
  EXPECT_EQ(number(database, "SELECT count(*) FROM secrets WHERE name IN ('a', 'b')"), 0);
}

TEST_F(SharedPostgres, AServerThatFallsSilentIsNotWaitedForForLong) {
  const auto backend = static_cast<pid_t>(number(database, "SELECT pg_backend_pid()"));
  ASSERT_EQ(kill(backend, SIGSTOP), 0);
  const auto started = Clock::now();
  const auto saved = save();
  EXPECT_LT(Clock::now() - started, seconds(12));
  kill(backend, SIGCONT);
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(save()) << "and goes on by another connection";
}

TEST_F(SharedPostgres, AWriterWhoDoesNotComeToAnEndIsNotWaitedForForLong) {
  auto other = store.open();
  auto transaction = Transaction::begin(other);
  const auto started = Clock::now();
  const auto saved = save();
  EXPECT_LT(Clock::now() - started, seconds(12));
  ASSERT_FALSE(saved);
  EXPECT_THAT(saved.error().text, HasSubstr("lock"));
  EXPECT_TRUE(latest_policy_version(database)) << "reading goes on";
}

TEST_F(SharedPostgres, WhatIsNeverChangedIsNotTruncatedEither) {
  ASSERT_TRUE(save());
  const auto truncated = database.execute("TRUNCATE policy_versions");
  ASSERT_FALSE(truncated);
  EXPECT_THAT(truncated.error().text, HasSubstr("versions of the policy are never removed"));
}

TEST_F(SharedPostgres, AChangeByHandIsSeenToo) {
  auto other = store.open();
  const auto before = database.data_version();
  ASSERT_TRUE(other.execute("RESET search_path; UPDATE " + store.config().store.schema +
                            ".users SET disabled = 1"));
  EXPECT_NE(database.data_version(), *before);
}

TEST_F(SharedPostgres, NobodyElsesTablesAreTaken) {
  auto other = store.open();
  ASSERT_TRUE(other.execute("CREATE TEMPORARY TABLE users (name TEXT)"));
  EXPECT_TRUE(
      other.prepare("SELECT disabled FROM users").and_then([](auto s) { return s.step(); }));
}

TEST_F(SharedPostgres, TextThatItCannotHoldIsRefused) {
  for (const std::string& text : {std::string("a\0b", 3), std::string("\xff")}) {
    auto insert = database.prepare("INSERT INTO saved_searches VALUES (?, '', '', 0)");
    const auto done = insert->bind(1, text).run();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::kInvalidInput);
    ASSERT_TRUE(leave_admin_event(database, "root", text)) << "the record is made to take it";
  }
}

TEST_F(SharedPostgres, OneThatIsAwayIsSaidAndNothingSecretWithIt) {
  config::StoreConfig away = store.config().store;
  away.server.host = "127.0.0.1";
  away.server.port = 1;
  away.server.password = SecretString("hunter2hunter2");
  Database database(std::move(*open_postgres(away)));
  for (int i = 0; i < 2; ++i) {
    const auto done = database.execute("SELECT 1");
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::kUnavailable);
    EXPECT_THAT(done.error().text, HasSubstr("the store at 127.0.0.1:1 cannot be used"));
    EXPECT_THAT(done.error().text, Not(HasSubstr("hunter2")));
  }
}

}  // namespace
}  // namespace sluice::store
