#include "policy/decide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <rapidcheck/gtest.h>

#include "sql/analyse.h"
#include "sql/redact.h"

/// libpg_query 15-4.0.0 loses one empty string per PL/pgSQL body it parses.
extern "C" const char* __lsan_default_suppressions() { return "leak:pg_query_raw_parse"; }

namespace sluice::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

bool allowed_in_production(const std::string& text) {
  return policy::decide(*analyse(text, {}), {"orders", "production"}).allowed;
}

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

class Refused : public ::testing::TestWithParam<const char*> {};
TEST_P(Refused, InProduction) { EXPECT_FALSE(allowed_in_production(GetParam())) << GetParam(); }
INSTANTIATE_TEST_SUITE_P(
    Spellings, Refused,
    ::testing::Values(
        "DELETE FROM t", "delete from only t", "DeLeTe/* x */FROM\n-- c\nt",
        "DELETE FROM t WHERE true", "DELETE FROM t WHERE 1=1", "DELETE FROM t WHERE NOT false",
        "DELETE FROM t WHERE 't'", "DELETE FROM t WHERE 'yes'::bool", "DELETE FROM t WHERE a = a",
        "DELETE FROM t WHERE a IN (a)", "DELETE FROM t WHERE a IS NOT DISTINCT FROM a",
        "DELETE FROM t WHERE b = 1 OR true", "DELETE FROM t WHERE (b = 1 OR 2 > 1) AND true",
        "DELETE FROM t WHERE a IS NULL OR a IS NOT NULL", "DELETE FROM t WHERE a LIKE '%'",
        "DELETE FROM t WHERE EXISTS (SELECT 1)", "DELETE FROM t WHERE $1",
        "DELETE FROM t WHERE coalesce(true)", "DELETE FROM t WHERE random() < 2",
        "DELETE FROM t USING u", "UPDATE t SET a = 1", "UPDATE t SET a = 1 FROM u",
        "UPDATE t SET a = 1 WHERE 1 < 2 RETURNING *", "TRUNCATE t",
        "TRUNCATE TABLE ONLY a.t, b CASCADE", "DROP TABLE t", "DROP TABLE IF EXISTS a.t CASCADE",
        "DROP SCHEMA s", "DROP INDEX i", "DROP VIEW v", "DROP DATABASE d", "DROP ROLE r",
        "DROP OWNED BY r", "DROP FUNCTION f(int)", "ALTER TABLE t DROP COLUMN c",
        "ALTER TABLE t ADD COLUMN d int, DROP c", "SELECT 1; DELETE FROM t",
        "BEGIN; TRUNCATE t; COMMIT", "WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d",
        "WITH RECURSIVE a AS (SELECT 1), d AS (UPDATE t SET a = 2 RETURNING *) SELECT * FROM d, a",
        "INSERT INTO log WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d",
        "EXPLAIN ANALYZE DELETE FROM t", "EXPLAIN (ANALYZE, VERBOSE) DELETE FROM t",
        "EXPLAIN (ANALYZE true) DELETE FROM t", "EXPLAIN (ANALYZE 1) DELETE FROM t",
        "PREPARE p AS DELETE FROM t", "PREPARE p (int) AS UPDATE t SET a = $1",
        "DO $$BEGIN DELETE FROM t; END$$", "DO 'BEGIN DELETE FROM t; END'",
        "DO LANGUAGE plpgsql $x$ BEGIN IF 1 = 1 THEN TRUNCATE t; END IF; END $x$",
        "DO $$BEGIN EXECUTE 'DELETE FROM t'; END$$",
        "DO $$BEGIN EXECUTE 'DEL' || 'ETE FROM t'; END$$",
        "DO $$DECLARE q text := 'x'; BEGIN EXECUTE q; END$$", "DO LANGUAGE plpython3u 'pass'",
        "DO $$BEGIN this is not plpgsql END$$",
        "MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE",
        "COPY (DELETE FROM t RETURNING *) TO STDOUT",
        "DECLARE c CURSOR FOR WITH d AS (DELETE FROM t RETURNING 1) SELECT 1",
        "CREATE TABLE x AS WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d",
        "DELETE FROM \"t\"", "DELETE FROM U&\"\\0074\"", "; ; DELETE FROM t ;", "not sql at all",
        "SELECT 'unterminated", "/* unterminated"));

class Passes : public ::testing::TestWithParam<const char*> {};
TEST_P(Passes, InProduction) { EXPECT_TRUE(allowed_in_production(GetParam())) << GetParam(); }
INSTANTIATE_TEST_SUITE_P(
    LookAlikes, Passes,
    ::testing::Values(
        "", ";", "-- DELETE FROM t", "/* TRUNCATE /* nested */ t */ SELECT 1",
        "SELECT 'DELETE FROM t'", "SELECT $$DROP TABLE t$$",
        "SELECT \"drop\", \"delete\" FROM \"truncate\"", "SELECT E'\\'; DELETE FROM t; --'",
        "SELECT U&'\\0044ROP'", "DELETE FROM t WHERE id = 1", "DELETE FROM t WHERE id = $1",
        "DELETE FROM t WHERE a = b", "DELETE FROM t WHERE a LIKE 'x%'",
        "DELETE FROM t WHERE a IN (1, 2)", "DELETE FROM t WHERE true AND a = 1",
        "DELETE FROM t WHERE a IS NULL", "DELETE FROM t USING u WHERE t.id = u.id",
        "DELETE FROM t WHERE CURRENT OF c", "UPDATE t SET a = 1 WHERE id BETWEEN 1 AND 5",
        "UPDATE t SET a = 1 FROM u WHERE t.id = u.id",
        "INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2", "EXPLAIN DELETE FROM t",
        "EXPLAIN (ANALYZE false) DELETE FROM t", "EXPLAIN (ANALYZE 0) DELETE FROM t",
        "EXPLAIN ANALYZE SELECT 1", "SELECT count(*) FROM t", "TABLE t", "VALUES (1)", "BEGIN",
        "COMMIT", "SET search_path = x", "SHOW work_mem", "CREATE TABLE t (a int)",
        "ALTER TABLE t ADD COLUMN c int", "CREATE INDEX i ON t (a)",
        "DO $$BEGIN DELETE FROM t WHERE id = 1; END$$",
        "DO $$BEGIN RAISE NOTICE 'DELETE FROM t'; END$$",
        "DO $$DECLARE x int; BEGIN x := 1; SELECT count(*) INTO x FROM t; END$$",
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM t'",
        "PREPARE p AS DELETE FROM t WHERE a = $1", "COPY t FROM STDIN", "LISTEN drop_table",
        "SELECT drop FROM truncate_log",
        "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DELETE", "VACUUM t", "LOCK TABLE t",
        "GRANT SELECT ON t TO u"));

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
