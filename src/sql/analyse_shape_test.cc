// The shape of statements, their settings, functions and locks: see sample_catalog.h for the
// database, and facts_text.h for how facts are written down here.
#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "sql/analyse_fixture.h"

namespace sluice::sql {
namespace {

TEST(Analyse, PathsThatChangeOnTheWayAreNotTrusted) {
  check(
      {
          // Of the only one of that name one can be certain.
          {"SELECT set_config('search_path', 'app', 'f'); SELECT * FROM secret",
           "read; function pg_catalog.set_config; session_setting search_path?; read app.secret"},
          {"SELECT set_config('search_path', 'app', 'f'); SELECT * FROM users",
           "read; function pg_catalog.set_config; session_setting search_path?; read users?"},
          {"ROLLBACK; SELECT * FROM users", "transaction; read users?"},
          {"ROLLBACK; CREATE TABLE x (a int)", "transaction; create/table x?"},
          {"BEGIN; SELECT * FROM users; COMMIT",
           "transaction; read public.users public.admins*; transaction"},
          {"SET work_mem = '1MB'; SELECT 1; SELECT * FROM app.users",
           "session_setting work_mem?; read; read app.users"},
          {"SET search_path = app; SELECT 1; SELECT * FROM users",
           "session_setting search_path?; read; read app.users"},
          // Both functions of that name.
          {"SELECT set_config('search_path', 'app', 'f'); SELECT twice()",
           "read; function pg_catalog.set_config; session_setting search_path?; "
           "read app.secret*; delete! public.log*"},
          {"SELECT twice()", "read; delete! public.log*"},
      },
      actions);
  EXPECT_TRUE(
      facts_of("DO $$BEGIN SET search_path = app; PERFORM * FROM users; END$$")->unresolved);
  EXPECT_TRUE(facts_of("CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'DELETE FROM log'; "
                       "SELECT pg_temp.f()")
                  ->dynamic_sql);
}

TEST(Analyse, OperatorsThatAreNotWrittenAreCalled) {
  // With an "=" of the user's before that of pg_catalog.
  const Scope shadowed{SampleCatalog::make(), {"app", "pg_catalog", "public"}};
  for (const char* text :
       {"SELECT CASE what WHEN 'a' THEN 1 END FROM public.log",
        "SELECT 1 FROM public.log a JOIN public.log b USING (what)",
        "SELECT 1 FROM public.log NATURAL JOIN public.log b", "SELECT 'a' IN ('b')",
        "SELECT 'a' NOT IN ('b')", "SELECT 'a' IN (SELECT what FROM public.log)",
        "SELECT 'a' = ANY (ARRAY['b'])", "SELECT 'a' IS DISTINCT FROM 'b'",
        "SELECT nullif('a', 'b')", "SELECT 'a' BETWEEN 'b' AND 'c'",
        "SELECT 'a' NOT BETWEEN SYMMETRIC 'b' AND 'c'",
        "SELECT 1 FROM public.log ORDER BY what USING <"}) {
    const auto facts = analyse(text, {}, shadowed);
    EXPECT_EQ(facts->unanalysable, "") << text;
    EXPECT_NE(functions_text(*facts).find("same*"), std::string::npos) << text;
    EXPECT_EQ(functions_text(*analyse(text, {}, scope())), "") << text;
  }
}

TEST(Analyse, TellsFunctionsAndTheirRisk) {
  check(
      {
          {"SELECT lower(name), count(*) FROM users GROUP BY 1", ""},
          {"SELECT wipe()", "wipe"},
          {"SELECT name === ssn FROM users", "same*"},
          {"SELECT NOT (name ==~ ssn) FROM users", "same* differs*"},
          {"SELECT foreign_code('x')", "foreign_code(unknown)"},
          {"SELECT pg_read_file('x'), pg_sleep('1')", "pg_read_file(file) pg_sleep(sleep)"},
          {"UPDATE users SET name = 'x' WHERE id = '1'", "on_user*"},
          {"SELECT query_to_xml('a', 'b', 'c', 'd')", "query_to_xml(dynamic_sql)"},
      },
      functions_text);
}

TEST(Analyse, TellsTheShape) {
  check(
      {
          {"SELECT 1", ""},
          {"SELECT * FROM log LIMIT 1", "limit"},
          {"SELECT * FROM log FETCH FIRST ROW ONLY", "limit"},
          {"SELECT * FROM log LIMIT ALL", ""},
          {"SELECT * FROM log LIMIT NULL", ""},
          {"SELECT * FROM users, log", "cartesian"},
          {"SELECT * FROM users CROSS JOIN log", "cartesian"},
          {"SELECT * FROM users JOIN log ON true", "cartesian"},
          {"SELECT * FROM users, log WHERE what = name", ""},
          {"SELECT * FROM users JOIN public.orders USING (id)", ""},
          {"SELECT * FROM users, LATERAL (SELECT * FROM log WHERE what = name) l", ""},
          {"SELECT * FROM users, generate_series('1', '2')", ""},
          {"SELECT * FROM users, (SELECT count(*) FROM log) c", ""},
          {"SELECT * FROM users u, log, items WHERE what = name", "cartesian"},
          {"DELETE FROM log WHERE what = 'a'", "writes"},
          {"INSERT INTO scratch VALUES ('a')", ""},
          {"CREATE TEMP TABLE x (a int)", "temporary"},
          {"CREATE TABLE x (a int)", "schema"},
          {"DROP TABLE scratch", "temporary"},
          {"ALTER TABLE log ADD COLUMN x int", "schema"},
          {"SET work_mem = '1MB'", "settings"},
          {"DISCARD ALL", "temporary settings outside"},
          {"VACUUM log", "outside"},
          {"CREATE INDEX CONCURRENTLY i ON log (what)", "schema outside"},
          {"DO $$BEGIN COMMIT; END$$", "outside"},
          {"DO $$BEGIN EXECUTE 'DELETE FROM ' || 'log'; END$$", "dynamic writes schema settings"},
          {"SELECT run('x')", "dynamic writes schema settings"},
          {"SELECT wipe()", "writes"},
          {"EXPLAIN DELETE FROM log", ""},
          {"SELECT foreign_code('x')", "writes settings"},
          {"SELECT * FROM nope", "unresolved"},
          {"SELECT nope FROM log", "unresolved"},
          {"SELECT nope(1)", "unresolved"},
          {"SELECT nope.what FROM log", "unresolved"},
          {"CREATE TABLE x AS SELECT 1; SELECT * FROM x", "writes schema"},
          {"ALTER TABLE log RENAME TO l2; SELECT * FROM items", "schema unresolved"},
          {"SELECT set_config('search_path', 'app', 'f'), caller_path()",
           "dynamic writes schema settings unresolved"},
          {"SELECT set_config('work_mem', '1', 'f'), caller_path()", "settings"},
          {"SELECT set_config('search_path', 'app', 'f'), by_path()", "settings"},
          {"SELECT set_config('search_path', 'app', 'f'); SELECT * FROM users",
           "settings unresolved"},
      },
      flags_text);
}

TEST(Analyse, ListsTransactionsStatementsAndCursors) {
  using enum TransactionEffect;
  const auto facts =
      facts_of("BEGIN; SAVEPOINT a; ROLLBACK TO a; RELEASE a; COMMIT; START TRANSACTION; ROLLBACK");
  EXPECT_EQ(facts->transaction,
            (std::vector{kBegin, kSavepoint, kRollbackTo, kRelease, kCommit, kBegin, kRollback}));
  const auto prepared = facts_of("PREPARE p AS SELECT 1; EXECUTE p; DEALLOCATE p; DEALLOCATE ALL");
  ASSERT_EQ(prepared->prepared.size(), 4U);
  EXPECT_EQ(prepared->prepared[0].what, PreparedUse::What::kPrepare);
  EXPECT_EQ(prepared->prepared[1].what, PreparedUse::What::kExecute);
  EXPECT_EQ(prepared->prepared[1].name, "p");
  EXPECT_EQ(prepared->prepared[3].what, PreparedUse::What::kDeallocateAll);
  EXPECT_EQ(facts_of("FETCH 5 FROM a; MOVE NEXT FROM b")->cursors,
            (std::vector<std::string>{"a", "b"}));
}

TEST(Analyse, TellsLocksAndCascade) {
  EXPECT_EQ(facts_of("SELECT * FROM log FOR UPDATE")->actions[0].lock, LockLevel::kRowShare);
  EXPECT_EQ(facts_of("TABLE log")->actions[0].lock, LockLevel::kAccessShare);
  EXPECT_EQ(facts_of("DELETE FROM log")->actions[0].lock, LockLevel::kRowExclusive);
  EXPECT_EQ(facts_of("LOCK TABLE log IN SHARE MODE")->actions[0].lock, LockLevel::kShare);
  EXPECT_EQ(facts_of("ALTER TABLE log ADD COLUMN x int")->actions[0].lock,
            LockLevel::kAccessExclusive);
  EXPECT_TRUE(facts_of("DROP TABLE log CASCADE")->actions[0].cascade);
  EXPECT_FALSE(facts_of("DROP TABLE log")->actions[0].cascade);
}

TEST(Analyse, ViewsOfViewsEndInAReasonNotInATimeout) {
  const auto begin = std::chrono::steady_clock::now();
  const auto facts = analyse("SELECT * FROM bomb39", {}, scope());
  EXPECT_EQ(facts->unanalysable_sqlstate, "54001");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
  EXPECT_EQ(output(*facts_of("SELECT * FROM bomb4")), "ssn: users.ssn");
}

TEST(Analyse, LiteralsThatMatterAreSaidToMatter) {
  for (const char* text :
       {"SELECT ssn FROM users ORDER BY 1", "SELECT set_config('role', 'x', 'f')",
        "SELECT nextval('seq')", "DELETE FROM log WHERE what LIKE '%'", "SET search_path = 'app'",
        "SELECT count(*) FROM users GROUP BY 1"}) {
    EXPECT_TRUE(facts_of(text)->depends_on_literals) << text;
  }
  for (const char* text : {"SELECT ssn FROM users WHERE id = 1 LIMIT 5", "SELECT * FROM vv",
                           "INSERT INTO log VALUES ('a', 'b')", "SELECT wipe()"}) {
    EXPECT_FALSE(facts_of(text)->depends_on_literals) << text;
  }
}

TEST(Analyse, WithoutACatalogNamesStandAsWritten) {
  const auto facts = analyse("SELECT a, lower(b) FROM s.t JOIN u ON t.x = u.x", {});
  EXPECT_EQ(actions_text(*facts), "read s.t? u?");
  EXPECT_EQ(output_text(*facts, nullptr), "a: …; lower: …");
  EXPECT_EQ(flags_text(*facts), "");
  EXPECT_EQ(actions_text(*analyse("DELETE FROM a.b USING c", {})), "delete! a.b?; read c?");
}

TEST(Analyse, UnknownIsRefused) {
  EXPECT_EQ(analyse("SELEC 1", {}, scope())->unanalysable_sqlstate, "42601");
  EXPECT_EQ(analyse("DO $$BEGIN nonsense END$$", {}, scope())->unanalysable_sqlstate, "42601");
}

TEST(Analyse, CursorsInCodeAreSaidToBeTheReason) {
  for (const char* text : {"DO $$ DECLARE c CURSOR FOR SELECT 1; BEGIN OPEN c; CLOSE c; END $$",
                           "DO $$ DECLARE c refcursor; BEGIN OPEN c FOR SELECT 1; END $$"}) {
    const auto facts = analyse(text, {}, scope());
    EXPECT_NE(facts->unanalysable.find("it has cursors, which cannot be read in code"),
              std::string::npos)
        << facts->unanalysable;
  }
}

}  // namespace
}  // namespace sluice::sql
