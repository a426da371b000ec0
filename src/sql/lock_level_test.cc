#include "sql/lock_level.h"

#include <string>

#include <gtest/gtest.h>

#include "sql/tree.h"

namespace sluice::sql {
namespace {

using enum LockLevel;

struct Case {
  const char* text;
  LockLevel level;
};

LockLevel lock_of_text(const std::string& text) {
  std::string why;
  LockLevel level = kNone;
  const bool parsed = with_tree(text, why, nullptr, [&](const Node& root) {
    for_each(root, "stmts", [&](const Node& raw) {
      simdjson::dom::object wrapper;
      ASSERT_EQ(field(raw, "stmt")->get(wrapper), simdjson::SUCCESS);
      for (const auto [name, body] : wrapper) level = lock_of(name, body);
    });
    return true;
  });
  EXPECT_TRUE(parsed) << text << ": " << why;
  return level;
}

class Lock : public ::testing::TestWithParam<Case> {};
TEST_P(Lock, IsTheServers) { EXPECT_EQ(lock_of_text(GetParam().text), GetParam().level); }

// tests/lint/test_lint_locks.py compares the same with a real server's pg_locks.
INSTANTIATE_TEST_SUITE_P(
    Rows, Lock,
    ::testing::Values(
        Case{"SELECT * FROM t", kAccessShare}, Case{"SELECT * FROM t FOR UPDATE", kRowShare},
        Case{"SELECT * FROM t FOR KEY SHARE", kRowShare},
        Case{"INSERT INTO t VALUES (1)", kRowExclusive}, Case{"UPDATE t SET a = 1", kRowExclusive},
        Case{"DELETE FROM t", kRowExclusive},
        Case{"MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE", kRowExclusive},
        Case{"COPY t FROM STDIN", kRowExclusive}, Case{"COPY t TO STDOUT", kAccessShare},
        Case{"EXPLAIN DELETE FROM t", kRowExclusive},
        Case{"PREPARE p AS SELECT * FROM t FOR UPDATE", kRowShare},
        Case{"DECLARE c CURSOR FOR SELECT * FROM t", kAccessShare}, Case{"FETCH c", kNone},
        Case{"TRUNCATE t", kAccessExclusive}, Case{"LOCK TABLE t", kAccessExclusive},
        Case{"LOCK TABLE t IN ROW SHARE MODE", kRowShare},
        Case{"LOCK TABLE t IN SHARE ROW EXCLUSIVE MODE", kShareRowExclusive}));

INSTANTIATE_TEST_SUITE_P(
    AlterTable, Lock,
    ::testing::Values(
        Case{"ALTER TABLE t ADD COLUMN b int", kAccessExclusive},
        Case{"ALTER TABLE t DROP COLUMN b", kAccessExclusive},
        Case{"ALTER TABLE t ALTER b SET NOT NULL", kAccessExclusive},
        Case{"ALTER TABLE t ALTER b SET STATISTICS 100", kShareUpdateExclusive},
        Case{"ALTER TABLE t ALTER b SET (n_distinct = 5)", kShareUpdateExclusive},
        Case{"ALTER TABLE t SET (fillfactor = 80)", kShareUpdateExclusive},
        Case{"ALTER TABLE t RESET (autovacuum_enabled)", kShareUpdateExclusive},
        Case{"ALTER TABLE t SET (user_catalog_table = true)", kAccessExclusive},
        Case{"ALTER TABLE t SET (fillfactor = 80, user_catalog_table = true)", kAccessExclusive},
        Case{"ALTER TABLE t VALIDATE CONSTRAINT c", kShareUpdateExclusive},
        Case{"ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID", kAccessExclusive},
        Case{"ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u", kShareRowExclusive},
        Case{"ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u, ADD UNIQUE (a)", kAccessExclusive},
        Case{"ALTER TABLE t DISABLE TRIGGER x", kShareRowExclusive},
        Case{"ALTER TABLE t CLUSTER ON i", kShareUpdateExclusive},
        Case{"ALTER TABLE t ATTACH PARTITION p DEFAULT", kShareUpdateExclusive},
        Case{"ALTER TABLE t DETACH PARTITION p", kAccessExclusive},
        Case{"ALTER TABLE t DETACH PARTITION p CONCURRENTLY", kShareUpdateExclusive},
        Case{"ALTER TABLE t RENAME TO u", kAccessExclusive},
        Case{"ALTER TABLE t RENAME COLUMN a TO b", kAccessExclusive},
        Case{"ALTER INDEX i RENAME TO j", kShareUpdateExclusive},
        Case{"ALTER TABLE t SET SCHEMA s", kAccessExclusive},
        Case{"ALTER TABLE t OWNER TO o", kAccessExclusive}));

INSTANTIATE_TEST_SUITE_P(
    Objects, Lock,
    ::testing::Values(
        Case{"CREATE INDEX i ON t (a)", kShare},
        Case{"CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)", kShareUpdateExclusive},
        Case{"REINDEX TABLE t", kAccessExclusive},
        Case{"REINDEX (CONCURRENTLY) TABLE t", kShareUpdateExclusive},
        Case{"REINDEX (CONCURRENTLY off) TABLE t", kAccessExclusive},
        Case{"REINDEX INDEX CONCURRENTLY i", kShareUpdateExclusive},
        Case{"DROP INDEX i", kAccessExclusive},
        Case{"DROP INDEX CONCURRENTLY i", kShareUpdateExclusive},
        Case{"DROP TABLE t", kAccessExclusive}, Case{"DROP FUNCTION f(int)", kNone},
        Case{"DROP FUNCTION f(int) CASCADE", kAccessExclusive},
        Case{"VACUUM t", kShareUpdateExclusive}, Case{"ANALYZE t", kShareUpdateExclusive},
        Case{"VACUUM FULL t", kAccessExclusive}, Case{"VACUUM (FULL, ANALYZE) t", kAccessExclusive},
        Case{"VACUUM (FULL false) t", kShareUpdateExclusive},
        Case{"VACUUM (FULL 0) t", kShareUpdateExclusive},
        Case{"CLUSTER t USING i", kAccessExclusive},
        Case{"REFRESH MATERIALIZED VIEW m", kAccessExclusive},
        Case{"REFRESH MATERIALIZED VIEW CONCURRENTLY m", kExclusive},
        Case{"CREATE TRIGGER x BEFORE INSERT ON t EXECUTE FUNCTION f()", kShareRowExclusive},
        Case{"CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING", kAccessExclusive},
        Case{"CREATE POLICY p ON t", kAccessExclusive},
        Case{"CREATE STATISTICS s ON a, b FROM t", kShareUpdateExclusive},
        Case{"COMMENT ON TABLE t IS 'x'", kShareUpdateExclusive},
        Case{"COMMENT ON COLUMN t.a IS 'x'", kShareUpdateExclusive},
        Case{"COMMENT ON FUNCTION f() IS 'x'", kNone}, Case{"GRANT SELECT ON t TO r", kNone},
        Case{"CREATE TABLE n (a int)", kNone},
        Case{"CREATE TABLE n (a int REFERENCES t)", kShareRowExclusive},
        Case{"CREATE TABLE n (a int, FOREIGN KEY (a) REFERENCES t)", kShareRowExclusive},
        Case{"CREATE TABLE n PARTITION OF t DEFAULT", kAccessExclusive},
        Case{"CREATE TABLE n () INHERITS (t)", kShareUpdateExclusive},
        Case{"CREATE VIEW v AS SELECT * FROM t", kAccessShare},
        Case{"CREATE OR REPLACE VIEW v AS SELECT * FROM t", kAccessExclusive},
        Case{"ALTER SEQUENCE s RESTART", kShareRowExclusive}, Case{"BEGIN", kNone},
        Case{"SET work_mem = 1", kNone}));

TEST(LockLevel, WhatIsNotKnownIsTheStrongest) {
  simdjson::dom::parser parser;
  const Node empty = parser.parse(std::string_view("{}"));
  EXPECT_EQ(lock_of("AlterSomethingNewStmt", empty), kAccessExclusive);
}

TEST(LockLevel, Names) {
  EXPECT_EQ(name_of(kNone), "");
  EXPECT_EQ(name_of(kShareUpdateExclusive), "share_update_exclusive");
  EXPECT_EQ(sql_name_of(kAccessExclusive), "ACCESS EXCLUSIVE");
}

}  // namespace
}  // namespace sluice::sql
