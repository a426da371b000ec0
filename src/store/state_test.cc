#include "store/state.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/test_folder.h"
#include "store/test_store.h"

namespace sluice::store {
namespace {

TEST(State, FolderIsForTheOwnerAlone) {
  const TestFolder folder;
  const auto state = folder / "a" / "b";
  ASSERT_TRUE(open_local(state));
  struct stat info{};
  ASSERT_EQ(stat(state.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
  EXPECT_TRUE(open_local(state)) << "and opens again";
}

TEST(State, FolderThatCannotBeMadeIsAnError) {
  const auto opened = open_local("/proc/no/such");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kIo);
}

class StateTest : public StoreTest {
 protected:
  std::vector<std::string> taken(const std::string& gateway, int64_t now = 1'000) {
    auto events = take_admin_events(database_, gateway, now);
    EXPECT_TRUE(events) << events.error().text;
    std::vector<std::string> out;
    for (const auto& event : *events) out.push_back(event.message + "/" + event.taken_by);
    return out;
  }
  Database database_ = store_.open();
};

TEST_P(StateTest, SecretIsMadeOnceAndDiffersBetweenInstallations) {
  const auto secret = installation_secret(database_);
  ASSERT_TRUE(secret) << secret.error().text;
  EXPECT_EQ(secret->size(), 32U);
  EXPECT_EQ(installation_secret(database_), *secret);
  auto again = store_.open();
  EXPECT_EQ(installation_secret(again), *secret);
  const TestStore elsewhere(GetParam());
  auto other = elsewhere.open();
  EXPECT_NE(installation_secret(other), *secret);
}

TEST_P(StateTest, AdminEventsWaitInOrderUntilForgotten) {
  ASSERT_TRUE(leave_admin_event(database_, "root", "first"));
  ASSERT_TRUE(leave_admin_event(database_, "root", "second"));
  auto events = waiting_admin_events(database_);
  ASSERT_TRUE(events);
  ASSERT_EQ(events->size(), 2U);
  EXPECT_EQ((*events)[0].message, "first");
  EXPECT_EQ((*events)[0].actor, "root");
  EXPECT_GT((*events)[0].time_micros, 0);
  const int64_t first = (*events)[0].id;
  ASSERT_TRUE(forget_admin_event(database_, first));
  events = waiting_admin_events(database_);
  ASSERT_EQ(events->size(), 1U);
  EXPECT_EQ((*events)[0].message, "second");
  ASSERT_TRUE(forget_admin_event(database_, (*events)[0].id));
  ASSERT_TRUE(leave_admin_event(database_, "root", "third"));
  EXPECT_GT(waiting_admin_events(database_)->front().id, first) << "a number is not used again";
}

TEST_P(StateTest, AdminEventGoesWithItsTransaction) {
  {
    auto transaction = Transaction::begin(database_);
    ASSERT_TRUE(leave_admin_event(database_, "root", "never happened"));
  }
  EXPECT_TRUE(waiting_admin_events(database_)->empty());
}

TEST_P(StateTest, OneGatewayTakesAnEventUntilItIsGivenUp) {
  using ::testing::ElementsAre;
  ASSERT_TRUE(leave_admin_event(database_, "root", "first"));
  EXPECT_THAT(taken("a"), ElementsAre("first/"));
  ASSERT_TRUE(leave_admin_event(database_, "root", "second"));
  EXPECT_THAT(taken("b"), ElementsAre("second/"));
  EXPECT_THAT(taken("a"), ElementsAre("first/a")) << "it may have been stopped in between";
  EXPECT_THAT(taken("b", 1'000 + kAbandonedMicros), ElementsAre("second/b"));
  EXPECT_THAT(taken("b", 1'001 + kAbandonedMicros), ElementsAre("first/a", "second/b"));
  EXPECT_THAT(taken("a", 1'001 + kAbandonedMicros), ElementsAre()) << "it is the other's now";
}

TEST_P(StateTest, OfManyWhoTakeAtOnceOneGetsEach) {
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(leave_admin_event(database_, "r", std::to_string(i)));
  std::atomic<size_t> got = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      auto mine = store_.open();
      const auto events = take_admin_events(mine, "gateway " + std::to_string(i), 1'000);
      if (events) got += events->size();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(got, 20U);
}

/// A store of every earlier version, with something in it, becomes what a new one is.
/// A row of each table that holds what people rely on, as the version that has made the table
/// takes it.
struct EarlyRow {
  size_t since;
  const char* table;
  const char* columns;
  const char* values;
};
constexpr EarlyRow kEarlyRows[] = {
    {3, "policy_versions", "number, time_micros, hash, author, comment, text",
     "1, 1, 'h', 'a', '', 't'"},
    {4, "column_corrections",
     "time_micros, database, schema, table_name, column_name, class, author, comment",
     "1, 'orders', 'public', 'users', 'nick', 'none', 'a', ''"},
    {7, "saved_searches", "name, query, author, time_micros", "'mine', 'user=alice', 'alice', 1"},
    {8, "credentials",
     "id, user, kind, scram_verifier, digest, databases, created_micros, expires_micros, "
     "revoked_micros, last_used_micros, label, method, issuer, acr, amr, authenticated_micros, "
     "actors, scopes",
     "'c1', 'alice', 'token', 'v', x'0102', 'orders', 1, 2, 0, 0, 'l', 'oidc', 'https://i', '', "
     "'', 1, '', ''"},
    {9, "approval_requests",
     "state, created_micros, expires_micros, statement, parameters, requester, database, session, "
     "schema, policy, persons, requester_kind, environment, session_id, needs, max_rows, brief, "
     "evidence, automatic, reason, granted, used_micros",
     "'used', 1, 2, x'53', x'', 'alice', 'orders', x'00', 's', 'p', '[]', 'human', 'production', "
     "7, '[]', '', '{}', '[]', 0, '', 'g', 3"},
    {9, "approval_votes", "request, voter, verdict, comment, authentication, time_micros, max_rows",
     "1, 'bob', 'approve', 'fine', 'totp', 2, ''"},
    {11, "federated_identities", "issuer, subject, user, user_created_micros, time_micros",
     "'https://i', 's-1', 'alice', 1, 1"},
    {12, "undo_entries",
     "request, requester, database, summary, created_micros, until_micros, state, undone_by, "
     "place, sealed",
     "1, 'alice', 'orders', '2 rows', 1, 2, 'kept', '', '', x'ff'"},
    {13, "changes",
     "state, created_micros, requester, actors, title, reason, ticket, targets, script, "
     "rollback_script, lock_timeout_ms, statement_timeout_ms, request, problem, runner, "
     "started_micros, ended_micros, schemas_after",
     "'done', 1, 'alice', '[]', 't', 'r', 'OPS-1', '[]', 'SELECT 1', '', 1, 1, 1, '', '', 1, 2, "
     "'{}'"},
    {13, "change_steps", "change, part, target, step, state, started_micros, ended_micros, message",
     "1, 'script', 0, 0, 'done', 1, 2, ''"},
    {16, "legal_holds", "name, query, reason, author, time_micros",
     "'case', 'user=a', 'r', 'a', 1"},
    {17, "grants",
     "state, holder, holder_created_micros, person, acts_for, role, at_database, role_groups, "
     "lasts_micros, request, extends, reason, ticket, created_micros, from_micros, until_micros, "
     "ended_micros, ended_by, ended_why, last_used_micros, break_glass, review_by, "
     "review_due_micros, reviewed_micros, reviewer, verdict, review_comment, overdue_told",
     "'expired', 'alice', 1, 'alice', '', 'writer', 'orders', 'writers', 1, 0, 0, 'r', '', 1, 1, "
     "2, 2, '', '', 0, 0, '', 0, 0, '', '', '', 0"},
    {18, "scim_users", "id, name, external_id, profile, created_micros, modified_micros, version",
     "'u1', 'alice', 'x', '{}', 1, 1, 1"},
    {18, "scim_groups", "id, name, external_id, created_micros, modified_micros, version",
     "'g1', 'dba', '', 1, 1, 1"},
    {18, "scim_members", "group_id, user_id", "'g1', 'u1'"},
};

/// What is in such a row, as one text.
std::string content(Database& database, const EarlyRow& row) {
  std::string columns = row.columns, out;
  auto query = database.prepare("SELECT " + columns + " FROM " + row.table);
  if (!query || query->step() != true) return "nothing";
  const auto count = 1 + std::count(columns.begin(), columns.end(), ',');
  for (int i = 0; i < count; ++i) out += query->text(i) + "|";
  return out;
}

TEST_P(StateTest, EveryEarlierVersionIsBroughtUpToDate) {
  const auto steps = schema_steps();
  for (size_t version = 1; version <= steps.size(); ++version) {
    const TestStore old(GetParam());
    auto database = old.open_bare();
    const auto made = database.migrate(steps.first(version));
    ASSERT_TRUE(made) << version << ": " << made.error().text;
    ASSERT_TRUE(database.execute(
        "INSERT INTO users (name, groups, scram_verifier, created_micros) VALUES ('alice', 'a', "
        "'v', 1); INSERT INTO waiting_admin_events (time_micros, actor, message) VALUES (1, "
        "'root', 'before')"))
        << version;
    std::map<std::string, std::string> before;
    for (const EarlyRow& row : kEarlyRows) {
      if (version < row.since) continue;
      const auto put = database.execute(std::string("INSERT INTO ") + row.table + " (" +
                                        row.columns + ") VALUES (" + row.values + ")");
      ASSERT_TRUE(put) << version << ", " << row.table << ": " << put.error().text;
      before[row.table] = content(database, row);
      ASSERT_NE(before[row.table], "nothing");
    }
    auto now = old.open();
    auto query = now.prepare("SELECT kind, totp_step, made_by FROM users WHERE name = 'alice'");
    ASSERT_EQ(query->step(), true) << version;
    EXPECT_EQ(query->text(0), "human");
    query->reset();
    for (const EarlyRow& row : kEarlyRows)
      if (version >= row.since)
        EXPECT_EQ(content(now, row), before[row.table]) << version << ", " << row.table;
    const auto waiting = waiting_admin_events(now);
    ASSERT_TRUE(waiting && waiting->size() == 1);
    EXPECT_EQ(waiting->front().type, "admin");
    EXPECT_FALSE(now.execute("DELETE FROM policy_versions") && version >= 3);
    EXPECT_TRUE(leave_admin_event(now, "root", "after"));
  }
}

SLUICE_FOR_EACH_STORE(StateTest);

}  // namespace
}  // namespace sluice::store
