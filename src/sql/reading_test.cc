#include "sql/analyse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <rapidcheck/gtest.h>

#include "sql/redact.h"


namespace sluice::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Runs on the stack an analyser thread has.
template <typename Body>
void on_big_stack(Body body) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kAnalyserStackBytes);
  pthread_t thread;
  ASSERT_EQ(pthread_create(
                &thread, &attributes,
                [](void* b) -> void* {
                  (*static_cast<Body*>(b))();
                  return nullptr;
                },
                &body),
            0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

TEST(Analyse, TablesLeaveOutCommonTableExpressions) {
  EXPECT_THAT(
      analyse("WITH c AS (SELECT * FROM a.b) SELECT * FROM c, c.d JOIN e ON true", {})->tables,
      ElementsAre("a.b", "c.d", "e"));
  EXPECT_THAT(
      analyse("WITH RECURSIVE c AS (SELECT 1 UNION SELECT * FROM c) INSERT INTO c SELECT * FROM c",
              {})
          ->tables,
      ElementsAre("c"));
  EXPECT_THAT(
      analyse("SELECT (SELECT max(x) FROM deep), * FROM LATERAL (SELECT 1 FROM inner_one) s", {})
          ->tables,
      ElementsAre("deep", "inner_one"));
  EXPECT_THAT(analyse("SELECT 1", {})->tables, IsEmpty());
}

TEST(Analyse, KindsFollowCommandTags) {
  EXPECT_EQ(analyse("select 1; create table x as select 2; rollback to savepoint s", {})->kind,
            "SELECT; CREATE TABLE AS; ROLLBACK TO");
  EXPECT_EQ(analyse("drop materialized view v", {})->kind, "DROP MATERIALIZED VIEW");
  EXPECT_EQ(analyse("revoke all on t from u", {})->kind, "REVOKE");
}

TEST(Analyse, Threat57_PasswordsAreNotKept) {
  for (const char* text :
       {"CREATE ROLE r PASSWORD 'hidden'",
        "ALTER USER u WITH ENCRYPTED PASSWORD E'hidden' VALID UNTIL '2030-01-01'",
        "CREATE USER MAPPING FOR u SERVER s OPTIONS (user 'x', password 'hidden')",
        "CREATE SUBSCRIPTION s CONNECTION 'host=x password=hidden' PUBLICATION p",
        "SELECT dblink('postgres://u:hidden@h/d', 'select 1')",
        "SELECT set_config('app.password', 'hidden', false)", "SET app.secret = 'hidden'",
        "CREATE ROLE r PASSWORD 'hidden' oops", "ALTER ROLE r PASSWORD $$hidden$$"}) {
    EXPECT_THAT(redact(text), ::testing::Not(HasSubstr("hidden"))) << text;
    EXPECT_THAT(redact(text), HasSubstr("***")) << text;
  }
  EXPECT_EQ(redact("SELECT 'kept' -- as it is"), "SELECT 'kept' -- as it is");
}

TEST(Analyse, Threat31_WhatCannotBeReadWithCertainty) {
  EXPECT_EQ(analyse(std::string("SELECT 1\0; DELETE FROM t", 24), {})->unanalysable_sqlstate,
            "22021");
  EXPECT_EQ(analyse("SELECT '\xFF'", {})->unanalysable_sqlstate, "22021");
  EXPECT_EQ(analyse("SELECT '\xE9'", {true, "LATIN1"})->unanalysable_sqlstate, "0A000");
  EXPECT_EQ(analyse("SELECT '\x81\x5C'", {true, "SJIS"})->unanalysable_sqlstate, "0A000");
  EXPECT_TRUE(analyse("SELECT 1", {true, "SJIS"})->unanalysable.empty());
}

TEST(Analyse, Threat47_StandardConformingStringsOff) {
  EXPECT_FALSE(analyse(R"(SELECT '\'; DELETE FROM t; --')", {false, "UTF8"})->unanalysable.empty());
  EXPECT_TRUE(analyse(R"(SELECT E'\'', $$\$$, "\" FROM t)", {false, "UTF8"})->unanalysable.empty());
}

TEST(Analyse, Threat50_DepthIsRefusedNotCrashed) {
  on_big_stack([] {
    const auto repeat = [](const std::string& text, size_t count) {
      std::string out;
      for (size_t i = 0; i < count; ++i) out += text;
      return out;
    };
    for (const std::string& text :
         {"SELECT 1" + repeat("+1", 500'000),
          "SELECT " + repeat("(", 100'000) + "1" + repeat(")", 100'000),
          "SELECT 1" + repeat(" UNION SELECT 1", 10'000),
          "SELECT " + repeat("NOT ", 100'000) + "true", "SELECT 1" + repeat("::int", 100'000),
          "SELECT " + repeat("CASE WHEN ", 50'000),
          "SELECT * FROM a" + repeat(" JOIN b ON true", 20'000), "SELECT " + repeat("f(", 100'000),
          "SELECT " + repeat("-", 1) + repeat(" - ", 100'000) + "1",
          "SELECT 1" + repeat("+1", 14'000)}) {
      const auto facts = analyse(text, {});
      EXPECT_FALSE(facts->unanalysable.empty()) << text.substr(0, 40);
    }
    const auto rows =
        analyse("INSERT INTO t VALUES (1, 'x')" + repeat(", (-2, 'y' || 'z')", 100'000), {});
    EXPECT_EQ(rows->unanalysable, "");
    EXPECT_EQ(rows->kind, "INSERT");
  });
}

RC_GTEST_PROP(Analyse, AnyTextIsSafe, (const std::string& text)) {
  const auto facts = analyse(text, {});
  RC_ASSERT(facts->unanalysable.empty() == facts->unanalysable_sqlstate.empty());
}

}  // namespace
}  // namespace sluice::sql
