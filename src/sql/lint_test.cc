#include "sql/lint.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "sql/lint_fixture.h"
#include "sql/lint_text.h"

namespace sluice::sql {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct Case {
  const char* rule;
  const char* positive;
  const char* negative;
};

constexpr Case kCases[] = {
    {"unparsable", "ALTER TABLE t ADD COLUMN", "SELECT 1"},
    {"concurrently-in-transaction", "BEGIN; CREATE INDEX CONCURRENTLY i ON t (a); COMMIT",
     "CREATE INDEX CONCURRENTLY i ON t (a); BEGIN; COMMIT"},
    {"concurrently-in-transaction", "START TRANSACTION; VACUUM t; COMMIT",
     "BEGIN; ANALYZE t; COMMIT"},
    {"concurrently-in-transaction", "BEGIN; ALTER TABLE p DETACH PARTITION q CONCURRENTLY; END",
     "BEGIN; REFRESH MATERIALIZED VIEW CONCURRENTLY m; END"},
    {"no-lock-timeout", "ALTER TABLE t ADD COLUMN d int",
     "SET lock_timeout = '2s'; ALTER TABLE t ADD COLUMN d int"},
    {"no-lock-timeout", "SET LOCAL lock_timeout = '2s'; ALTER TABLE t ADD COLUMN d int",
     "BEGIN; SET LOCAL lock_timeout = '2s'; ALTER TABLE t ADD COLUMN d int; COMMIT"},
    {"no-lock-timeout", "SET lock_timeout = 0; ALTER TABLE t ADD COLUMN d int",
     "CREATE TABLE t (a int PRIMARY KEY); ALTER TABLE t ADD COLUMN d int"},
    {"many-statements-after-exclusive-lock",
     "BEGIN; ALTER TABLE t ADD d int; UPDATE t SET d = 1 WHERE a < 9; COMMIT",
     "BEGIN; ALTER TABLE t ADD d int; COMMIT; UPDATE t SET d = 1 WHERE a < 9"},
    {"many-statements-after-exclusive-lock",
     "BEGIN; ALTER TABLE t ADD d int; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; "
     "END",
     "BEGIN; CREATE TABLE t (a int PRIMARY KEY); ALTER TABLE t ADD d int; UPDATE u SET d = 1 "
     "WHERE a < 9; COMMIT"},
    {"validate-in-same-transaction",
     "BEGIN; ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE t VALIDATE "
     "CONSTRAINT c; COMMIT",
     "BEGIN; ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; COMMIT; ALTER TABLE t "
     "VALIDATE CONSTRAINT c"},
    {"enum-value-in-transaction", "BEGIN; ALTER TYPE mood ADD VALUE 'ok'; COMMIT",
     "ALTER TYPE mood ADD VALUE 'ok'"},
    {"lock-table", "LOCK TABLE t IN EXCLUSIVE MODE", "LOCK TABLE t IN ROW SHARE MODE"},
    {"add-foreign-key-without-not-valid", "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u",
     "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u NOT VALID"},
    {"add-foreign-key-without-not-valid", "ALTER TABLE t ADD a int DEFAULT 1 REFERENCES u",
     "ALTER TABLE t ADD a int REFERENCES u"},
    {"add-check-without-not-valid", "ALTER TABLE t ADD CHECK (a > 0)",
     "ALTER TABLE t ADD CHECK (a > 0) NOT VALID"},
    {"add-check-without-not-valid", "ALTER TABLE t ADD a int CHECK (a > 0)",
     "CREATE TABLE t (a int CHECK (a > 0))"},
    {"set-not-null-scans", "ALTER TABLE t ALTER a SET NOT NULL",
     "ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL AND a > 0) NOT VALID; "
     "ALTER TABLE t VALIDATE CONSTRAINT c; ALTER TABLE t ALTER a SET NOT NULL"},
    {"set-not-null-scans",
     "ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID; ALTER TABLE t ALTER a SET "
     "NOT NULL",
     "ALTER TABLE t ALTER a DROP NOT NULL"},
    {"add-unique-constraint-locks", "ALTER TABLE t ADD UNIQUE (a)",
     "ALTER TABLE t ADD CONSTRAINT c UNIQUE USING INDEX i"},
    {"add-primary-key-locks", "ALTER TABLE t ADD PRIMARY KEY (a)",
     "ALTER TABLE t ADD CONSTRAINT c PRIMARY KEY USING INDEX i"},
    {"add-exclusion-constraint", "ALTER TABLE t ADD EXCLUDE USING gist (r WITH &&)",
     "CREATE TABLE t (r int4range, EXCLUDE USING gist (r WITH &&))"},
    {"foreign-key-without-index", "CREATE TABLE t (id int PRIMARY KEY, a int REFERENCES u)",
     "CREATE TABLE t (id int PRIMARY KEY, a int REFERENCES u); CREATE INDEX ON t (a, id)"},
    {"foreign-key-without-index", "CREATE TABLE t (a int, b int, FOREIGN KEY (a, b) REFERENCES u)",
     "CREATE TABLE t (a int, b int, PRIMARY KEY (b, a), FOREIGN KEY (a, b) REFERENCES u)"},
    {"missing-primary-key", "CREATE TABLE t (a int)", "CREATE TABLE t (a int PRIMARY KEY)"},
    {"missing-primary-key", "CREATE TABLE t (a int UNIQUE)",
     "CREATE TABLE t (a int); ALTER TABLE t ADD PRIMARY KEY (a)"},
    {"missing-primary-key", "CREATE TABLE IF NOT EXISTS t (a int)", "CREATE TEMP TABLE t (a int)"},
    {"not-null-without-default", "ALTER TABLE t ADD a int NOT NULL",
     "ALTER TABLE t ADD a int NOT NULL DEFAULT 0"},
    {"volatile-default-rewrites", "ALTER TABLE t ADD a float8 DEFAULT random()",
     "ALTER TABLE t ADD a timestamptz DEFAULT now()"},
    {"volatile-default-rewrites", "ALTER TABLE t ADD a int DEFAULT app.next_number() + 1",
     "ALTER TABLE t ADD a date DEFAULT CURRENT_DATE"},
    {"add-serial-or-identity-column-rewrites", "ALTER TABLE t ADD a bigserial",
     "CREATE TABLE t (a bigserial)"},
    {"add-serial-or-identity-column-rewrites",
     "ALTER TABLE t ADD a int GENERATED BY DEFAULT AS IDENTITY", "ALTER TABLE t ADD a int"},
    {"add-generated-stored-rewrites", "ALTER TABLE t ADD b int GENERATED ALWAYS AS (a + 1) STORED",
     "CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a + 1) STORED)"},
    {"change-column-type-rewrites", "ALTER TABLE t ALTER a TYPE bigint",
     "CREATE TABLE t (a int); ALTER TABLE t ALTER a TYPE bigint"},
    {"integer-primary-key-overflow", "CREATE TABLE t (id serial PRIMARY KEY)",
     "CREATE TABLE t (id bigint PRIMARY KEY)"},
    {"integer-primary-key-overflow", "CREATE TABLE t (id int, PRIMARY KEY (id))",
     "CREATE TABLE t (id int, b int, PRIMARY KEY (id, b))"},
    {"serial-instead-of-identity", "CREATE TABLE t (id bigserial PRIMARY KEY)",
     "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY)"},
    {"timestamp-without-time-zone", "ALTER TABLE t ADD a timestamp",
     "ALTER TABLE t ADD a timestamptz"},
    {"char-n", "CREATE TABLE t (a char(3))", "CREATE TABLE t (a varchar(3))"},
    {"json-instead-of-jsonb", "ALTER TABLE t ADD a json", "ALTER TABLE t ADD a jsonb"},
    {"money-type", "ALTER TABLE t ADD a money", "ALTER TABLE t ADD a numeric"},
    {"create-index-not-concurrently", "CREATE INDEX ON t (a)",
     "CREATE INDEX CONCURRENTLY ON t (a)"},
    {"create-index-not-concurrently", "CREATE UNIQUE INDEX i ON s.t (lower(a))",
     "CREATE TABLE s.t (a int); CREATE INDEX ON s.t (a)"},
    {"drop-index-not-concurrently", "DROP INDEX i", "DROP INDEX CONCURRENTLY i"},
    {"reindex-not-concurrently", "REINDEX INDEX i", "REINDEX INDEX CONCURRENTLY i"},
    {"concurrent-index-if-not-exists", "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)",
     "CREATE INDEX CONCURRENTLY i ON t (a)"},
    {"drop-table", "DROP TABLE t", "CREATE TABLE t (a int); DROP TABLE t"},
    {"drop-column", "ALTER TABLE t DROP COLUMN a", "ALTER TABLE t DROP CONSTRAINT a"},
    {"drop-schema", "DROP SCHEMA s", "DROP FUNCTION f"},
    {"drop-schema", "DROP OWNED BY r", "DROP ROLE r"},
    {"drop-extension", "DROP EXTENSION pgcrypto", "CREATE EXTENSION pgcrypto"},
    {"cascade", "DROP TYPE x CASCADE", "DROP TYPE x"},
    {"cascade", "ALTER TABLE t DROP CONSTRAINT c CASCADE", "ALTER TABLE t DROP CONSTRAINT c"},
    {"rename-table-breaks-clients", "ALTER TABLE t RENAME TO u",
     "CREATE TABLE t (a int); ALTER TABLE t RENAME TO u"},
    {"rename-table-breaks-clients", "ALTER VIEW t RENAME TO u", "ALTER INDEX i RENAME TO j"},
    {"rename-column-breaks-clients", "ALTER TABLE t RENAME a TO b",
     "ALTER TABLE t RENAME CONSTRAINT a TO b"},
    {"set-schema-breaks-clients", "ALTER TABLE t SET SCHEMA s", "ALTER FUNCTION f SET SCHEMA s"},
    {"update-without-where-in-migration", "UPDATE t SET a = 1", "UPDATE t SET a = 1 WHERE b = 2"},
    {"update-without-where-in-migration", "UPDATE t SET a = 1 WHERE 1 = 1",
     "CREATE TABLE t AS SELECT 1 AS a; UPDATE t SET a = 1"},
    {"delete-without-where-in-migration", "DELETE FROM t", "DELETE FROM t WHERE a = 1"},
    {"truncate", "TRUNCATE t", "CREATE TABLE t (a int); TRUNCATE t"},
    {"truncate-cascade", "TRUNCATE t CASCADE", "TRUNCATE t"},
    {"disable-trigger", "ALTER TABLE t DISABLE TRIGGER USER", "ALTER TABLE t ENABLE TRIGGER USER"},
    {"session-replication-role", "SET session_replication_role = replica",
     "SET session_replication_role = DEFAULT"},
    {"disable-row-security", "ALTER TABLE t NO FORCE ROW LEVEL SECURITY",
     "ALTER TABLE t ENABLE ROW LEVEL SECURITY"},
    {"vacuum-full", "VACUUM FULL", "VACUUM (FULL off) t"},
    {"cluster", "CLUSTER t USING i", "ALTER TABLE t CLUSTER ON i"},
    {"set-logged-rewrites", "ALTER TABLE t SET LOGGED",
     "CREATE UNLOGGED TABLE t (a int); ALTER TABLE t SET LOGGED"},
    {"set-tablespace-rewrites", "ALTER TABLE t SET TABLESPACE fast",
     "ALTER TABLE t SET (fillfactor = 70)"},
    {"refresh-matview-not-concurrently", "REFRESH MATERIALIZED VIEW m",
     "REFRESH MATERIALIZED VIEW CONCURRENTLY m"},
    {"attach-partition-without-check", "ALTER TABLE t ATTACH PARTITION p FOR VALUES IN (1)",
     "ALTER TABLE p ADD CONSTRAINT c CHECK (a = 1) NOT VALID; ALTER TABLE p VALIDATE CONSTRAINT c;"
     "ALTER TABLE t ATTACH PARTITION p FOR VALUES IN (1)"},
    {"detach-partition-not-concurrently", "ALTER TABLE t DETACH PARTITION p",
     "ALTER TABLE t DETACH PARTITION p CONCURRENTLY"},
    {"create-partition-locks-parent", "CREATE TABLE p PARTITION OF t FOR VALUES IN (1)",
     "CREATE TABLE t (a int) PARTITION BY LIST (a); CREATE TABLE p PARTITION OF t DEFAULT"},
};

class EachRule : public ::testing::TestWithParam<Case> {};
TEST_P(EachRule, AppliesOnlyWhereItShould) {
  const Case& c = GetParam();
  EXPECT_THAT(rules_in(c.positive), Contains(c.rule)) << c.positive;
  EXPECT_THAT(rules_in(c.negative), Not(Contains(c.rule))) << c.negative;
}
INSTANTIATE_TEST_SUITE_P(Lint, EachRule, ::testing::ValuesIn(kCases));

/// Rules that only a catalog can answer have tests of their own below.
TEST(Lint, EveryRuleHasACase) {
  std::set<std::string_view> tested = {"add-constrained-domain-column-rewrites",
                                       "concurrently-on-partitioned-table",
                                       "drop-table-with-dependents",
                                       "drop-column-with-dependents",
                                       "drop-with-dependents",
                                       "new-partition-scans-default",
                                       "domain-constraint-scans-tables"};
  for (const Case& c : kCases) tested.insert(c.rule);
  std::set<std::string_view> rules;
  for (const Rule& rule : lint_rules()) {
    EXPECT_TRUE(rules.insert(rule.id).second) << rule.id << " is there twice";
    EXPECT_TRUE(tested.contains(rule.id)) << rule.id;
    EXPECT_FALSE(rule.meaning.empty() || rule.why.empty() || rule.safer.empty()) << rule.id;
  }
  for (const auto id : tested) EXPECT_TRUE(rules.contains(id)) << id;
  EXPECT_GE(rules.size(), 25U);
}

TEST(Lint, ACleanMigrationHasNoFindings) {
  EXPECT_THAT(
      rules_in("SET lock_timeout = '2s';\n"
               "CREATE TABLE app.notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n"
               "  at timestamptz NOT NULL DEFAULT now(), body text);\n"
               "CREATE INDEX ON app.notes (at);\n"
               "ALTER TABLE orders ADD COLUMN note_id bigint;\n"
               "CREATE INDEX CONCURRENTLY ON orders (note_id);\n"
               "ALTER TABLE orders ADD CONSTRAINT n FOREIGN KEY (note_id) REFERENCES app.notes\n"
               "  NOT VALID;\nALTER TABLE orders VALIDATE CONSTRAINT n;"),
      IsEmpty());
}

TEST(Lint, SaysWhereAndKeepsTheOrder) {
  const auto findings = lint(
      "-- one; two\nSET lock_timeout = 1000;\nCREATE TABLE n (a int);\n\n/* x */ DROP TABLE\n t;",
      {});
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].rule, "missing-primary-key");
  EXPECT_EQ(findings[0].line, 3U);
  EXPECT_EQ(findings[0].statement, 2U);
  EXPECT_EQ(findings[1].rule, "drop-table");
  EXPECT_EQ(findings[1].line, 5U);
  EXPECT_EQ(findings[1].table, "public.t");
  EXPECT_EQ(findings[1].lock, LockLevel::kAccessExclusive);
}

TEST(Lint, SyntaxErrorsHaveTheirLine) {
  const auto findings = lint("SELECT 'ä€';\n\nCREATE TABEL x ();", {});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].rule, "unparsable");
  EXPECT_EQ(findings[0].line, 3U);
  EXPECT_THAT(findings[0].message, HasSubstr("TABEL"));
  EXPECT_THAT(rules_in(std::string("SELECT 1\0;", 10)), ElementsAre("unparsable"));
  EXPECT_THAT(rules_in("SELECT '\xff'"), ElementsAre("unparsable"));
}

TEST(Lint, SearchPathSaysWhichTableIsMeant) {
  EXPECT_THAT(
      rules_in("CREATE TABLE app.t (a int PRIMARY KEY); SET search_path = app; DROP TABLE t"),
      Not(Contains("drop-table")));
  EXPECT_THAT(rules_in("CREATE TABLE app.t (a int PRIMARY KEY); DROP TABLE t"),
              Contains("drop-table"));
}

TEST(Lint, SaferStatementsKeepTheAuthorsExpressions) {
  EXPECT_EQ(
      safer("ALTER TABLE \"T\" ADD x int, ADD CHECK (f(a, b) > ',' /* , */), ADD y int",
            "add-check-without-not-valid"),
      "ALTER TABLE \"T\" ADD CONSTRAINT \"T_check\" CHECK (f(a, b) > ',' /* , */) NOT VALID;\n"
      "ALTER TABLE \"T\" VALIDATE CONSTRAINT \"T_check\";\n");
  EXPECT_EQ(safer("create unique index i on only t using btree (a) where b;",
                  "create-index-not-concurrently"),
            "create unique index CONCURRENTLY i on only t using btree (a) where b;");
  EXPECT_THAT(safer("ALTER TABLE t ADD a uuid COLLATE \"C\" NOT NULL DEFAULT gen_random_uuid()",
                    "volatile-default-rewrites"),
              HasSubstr("ALTER COLUMN a SET DEFAULT gen_random_uuid();"));
}

TEST(LintText, CommandsAreCutAtTheirCommas) {
  EXPECT_THAT(
      alter_commands("ALTER TABLE IF EXISTS ONLY \"a,b\".t * ADD c numeric(1,2) DEFAULT "
                     "(ARRAY[1,2])[1], -- x, y\n DROP d /* , */, ALTER e SET DEFAULT 'a,b'"),
      ElementsAre("ADD c numeric(1,2) DEFAULT (ARRAY[1,2])[1]", "DROP d",
                  "ALTER e SET DEFAULT 'a,b'"));
}

TEST(LintText, IdentifiersAreQuotedWhereTheyMustBe) {
  EXPECT_EQ(quote_ident("plain_1"), "plain_1");
  EXPECT_EQ(quote_ident("Upper"), "\"Upper\"");
  EXPECT_EQ(quote_ident("order"), "\"order\"");
  EXPECT_EQ(quote_ident("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(quote_ident("1a"), "\"1a\"");
}

/// Any mix of pieces of statements is taken without a crash, and lines stay inside the script.
RC_GTEST_PROP(Lint, TakesAnything, ()) {
  const auto pieces = *rc::gen::container<std::vector<std::string>>(
      rc::gen::elementOf(std::vector<std::string>{"ALTER TABLE t ",
                                                  "ADD ",
                                                  "COLUMN c int ",
                                                  "DEFAULT random() ",
                                                  ", ",
                                                  "; ",
                                                  "BEGIN; ",
                                                  "DROP TABLE t ",
                                                  "CASCADE ",
                                                  "(",
                                                  ")",
                                                  "--x\n",
                                                  "/*",
                                                  "'",
                                                  "$$",
                                                  "CREATE TABLE t ",
                                                  "(a int) ",
                                                  "é",
                                                  "\n",
                                                  "CHECK (a > 0) ",
                                                  "UPDATE t SET a = 1 ",
                                                  "CREATE INDEX ON t(a) "}));
  std::string script;
  for (const auto& piece : pieces) script += piece;
  const auto lines = static_cast<size_t>(std::count(script.begin(), script.end(), '\n')) + 1;
  for (const auto& finding : lint(script, {})) {
    RC_ASSERT(finding.line >= 1 && finding.line <= lines);
    RC_ASSERT(!finding.why.empty());
  }
}

}  // namespace
}  // namespace sluice::sql
