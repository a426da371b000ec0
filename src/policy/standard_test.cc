// The profile "standard" in production, asked with statements as people write them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/policy.h"
#include "policy/test_facts.h"
#include "sql/analyse.h"

/// libpg_query 15-4.0.0 loses one empty string per PL/pgSQL body it parses.
extern "C" const char* __lsan_default_suppressions() { return "leak:pg_query_raw_parse"; }

namespace sluice::policy {
namespace {

std::shared_ptr<const Decision> in_production(const std::string& text,
                                              PrincipalKind kind = PrincipalKind::kAgent) {
  static const auto policy = Policy::profile("standard").value();
  Principal principal;
  principal.user = "bob";
  principal.kind = kind;
  return judge(policy, *sql::analyse(text, {}), nullptr, principal, {"orders", "production"})
      ->decide({});
}

class Refused : public ::testing::TestWithParam<const char*> {};
TEST_P(Refused, InProduction) {
  for (const auto kind : {PrincipalKind::kHuman, PrincipalKind::kService, PrincipalKind::kAgent}) {
    const auto decision = in_production(GetParam(), kind);
    EXPECT_FALSE(decision->allowed()) << GetParam();
    EXPECT_THAT(decision->message, ::testing::Not(::testing::IsEmpty()));
    EXPECT_THAT(decision->hint, ::testing::Not(::testing::IsEmpty()));
  }
}
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
INSTANTIATE_TEST_SUITE_P(
    Held, Refused,
    ::testing::Values("CREATE TABLE t (a int)", "ALTER TABLE t ADD COLUMN c int",
                      "CREATE INDEX i ON t (a)", "GRANT SELECT ON t TO u", "REVOKE ALL ON t FROM u",
                      "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM t'",
                      "SET ROLE postgres", "SET SESSION AUTHORIZATION x", "ALTER SYSTEM SET a = 1",
                      "LOAD 'x'", "SELECT 1; LOAD 'x'", "CREATE ROLE r"));

class Passes : public ::testing::TestWithParam<const char*> {};
TEST_P(Passes, InProduction) {
  for (const auto kind : {PrincipalKind::kHuman, PrincipalKind::kService, PrincipalKind::kAgent}) {
    const auto decision = in_production(GetParam(), kind);
    EXPECT_TRUE(decision->allowed()) << GetParam() << ": " << decision->message;
    EXPECT_EQ(decision->sqlstate, "");
  }
}
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
        "COMMIT", "SET search_path = x", "SHOW work_mem",
        "DO $$BEGIN DELETE FROM t WHERE id = 1; END$$",
        "DO $$BEGIN RAISE NOTICE 'DELETE FROM t'; END$$",
        "DO $$DECLARE x int; BEGIN x := 1; SELECT count(*) INTO x FROM t; END$$",

        "PREPARE p AS DELETE FROM t WHERE a = $1", "COPY t FROM STDIN", "LISTEN drop_table",
        "SELECT drop FROM truncate_log",
        "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DELETE", "VACUUM t",
        "LOCK TABLE t"));
INSTANTIATE_TEST_SUITE_P(
    Tools, Passes,
    ::testing::Values("SET search_path = a, b", "RESET ALL", "DISCARD ALL", "SHOW ALL",
                      "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
                      "LOCK TABLE a.t IN ACCESS SHARE MODE", "LISTEN x", "NOTIFY x, 'y'",
                      "COPY a.t (id) TO STDOUT", "COPY (SELECT id FROM a.t) TO STDOUT",
                      "COPY (SELECT 1) TO STDOUT", "DECLARE c CURSOR FOR SELECT * FROM t",
                      "FETCH 10 FROM c", "CLOSE c", "DEALLOCATE ALL", "EXPLAIN SELECT 1",
                      "SELECT nextval('s')", "SELECT pg_advisory_lock(1)", "SAVEPOINT s"));

}  // namespace
}  // namespace sluice::policy
