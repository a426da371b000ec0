// What each statement of a text sends back: see sample_catalog.h and facts_text.h.
#include <string>

#include <gtest/gtest.h>

#include "sql/analyse.h"
#include "sql/facts_text.h"
#include "sql/sample_catalog.h"

namespace sluice::sql {
namespace {

const Scope& scope() {
  static const Scope scope{SampleCatalog::make(), {"pg_temp_3", "pg_catalog", "public"}};
  return scope;
}

std::string results_of(std::string_view text) {
  const auto facts = analyse(text, {}, scope());
  EXPECT_EQ(facts->unanalysable, "") << text;
  EXPECT_EQ(facts->results.size(), facts->statements) << text;
  return results_text(*facts, scope().catalog.get());
}

std::string written_of(std::string_view text) {
  const auto facts = analyse(text, {}, scope());
  EXPECT_EQ(facts->unanalysable, "") << text;
  return written_text(*facts, scope().catalog.get());
}

struct Case {
  const char* text;
  const char* expected;
};

class Results : public testing::TestWithParam<Case> {};

TEST_P(Results, TellWhatEachStatementSendsBack) {
  EXPECT_EQ(results_of(GetParam().text), GetParam().expected) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    OfStatements, Results,
    testing::Values(
        Case{"", ""}, Case{";;", ""},
        Case{"SELECT 1; SELECT ssn FROM users", "rows[?column?:] | rows[ssn: users.ssn]"},
        Case{"SELECT FROM users", "rows[]"}, Case{"TABLE app.secret", "rows[k: secret.k]"},
        Case{"VALUES ((SELECT ssn FROM users), 1)", "rows[column1: users.ssn; column2:]"},
        Case{"BEGIN; UPDATE log SET who = 'a'; COMMIT", "no rows[] | no rows[] | no rows[]"},
        Case{"DELETE FROM log RETURNING who", "rows[who: log.who]"},
        Case{"INSERT INTO log VALUES ('a') RETURNING what || who AS x",
             "rows[x: ||(log.what) ||(log.who)]"},
        Case{"SHOW search_path", "rows[]"}, Case{"SET a.b = 1", "no rows[]"},
        Case{"EXPLAIN SELECT ssn FROM users", "explained rows[QUERY PLAN:]"},
        Case{"EXPLAIN ANALYZE EXECUTE p", "explained executes=p rows[QUERY PLAN:]"},
        Case{"EXPLAIN DECLARE c CURSOR FOR SELECT 1", "explained rows[QUERY PLAN:]"},
        Case{"PREPARE p AS SELECT ssn FROM users", "prepares=p no rows[ssn: users.ssn]"},
        Case{"EXECUTE p", "executes=p rows[]*"}, Case{"DEALLOCATE p", "no rows[]"},
        Case{"CREATE TABLE x AS EXECUTE p", "executes=p no rows[]"},
        Case{"DECLARE c CURSOR FOR SELECT ssn FROM users", "declares=c no rows[ssn: users.ssn]"},
        Case{"FETCH ALL c", "fetches=c rows[]*"}, Case{"MOVE c", "no rows[]"},
        Case{"CALL tidy('x')", "no rows[]"}, Case{"CALL nope()", "rows[*: …]*"},
        Case{"DO 'BEGIN PERFORM 1; END'", "no rows[]"}, Case{"SELECT * FROM nope", "rows[*: …]*"},
        Case{"SELECT a FROM nope", "rows[a: …]"},
        Case{"SELECT n.*, 1 FROM nope n", "rows[*: …; ?column?:]*"},
        Case{"SELECT ssn INTO x FROM users", "no rows[]"},
        Case{"SELECT ssn INTO x FROM users UNION SELECT 'a'", "no rows[]"},
        Case{"CREATE TABLE x AS SELECT ssn FROM users", "no rows[]"},
        // Bodies' own results are nobody's.
        Case{"SELECT wipe()", "rows[wipe:]"},
        // Behind a row of unknown columns nothing stands where it is told.
        Case{"SELECT s.c FROM (SELECT n.*, u.ssn, u.id FROM nope n, users u) s(a, b, c)",
             "rows[c: users.id users.ssn …]"},
        Case{"WITH s(a, b, c) AS (SELECT n.*, u.ssn, u.id FROM nope n, users u) SELECT b FROM s",
             "rows[b: users.id users.ssn …]"}));

INSTANTIATE_TEST_SUITE_P(
    OfCopy, Results,
    testing::Values(
        Case{"COPY log TO STDOUT", "copy(text \t '\\N' --) rows[what: log.what; who: log.who]"},
        Case{"COPY log (who, what) TO STDOUT",
             "copy(text \t '\\N' --) rows[who: log.who; what: log.what]"},
        Case{"COPY (SELECT who FROM log) TO STDOUT (FORMAT csv)",
             "copy(csv , '' \"\") rows[who: log.who]"},
        Case{"COPY log (who) TO STDOUT CSV HEADER QUOTE '''' FORCE QUOTE who",
             "copy(csv , '' '' header quote=who) rows[who: log.who]"},
        Case{"COPY log (who) TO STDOUT (FORMAT csv, HEADER off, DELIMITER ';', NULL 'x', ESCAPE "
             "'!', FORCE_QUOTE *, ENCODING 'LATIN1')",
             "copy(csv ; 'x' \"! LATIN1 quote=*) rows[who: log.who]"},
        Case{"COPY log (who) TO STDOUT WITH BINARY", "copy(binary - '' --) rows[who: log.who]"},
        Case{"COPY log (who) TO '/tmp/x' (DELIMITER '|')",
             "copy(text | '\\N' -- elsewhere) rows[who: log.who]"},
        Case{"COPY log (who) TO PROGRAM 'cat'",
             "copy(text \t '\\N' -- elsewhere) rows[who: log.who]"},
        Case{"COPY (DELETE FROM log RETURNING who) TO STDOUT",
             "copy(text \t '\\N' --) rows[who: log.who]"},
        Case{"COPY log FROM STDIN", "no rows[]"}));

/// `log` with a generated column and rules of the given definitions.
Scope changed(const std::vector<std::string>& rules, bool row_security = false) {
  catalog::Catalog::Contents contents;
  contents.schemas = {"pg_catalog", "public"};
  catalog::Relation log;
  log.oid = 20001;
  log.schema = "public";
  log.name = "log";
  log.row_security = row_security;
  for (const char* name : {"what", "who", "both"}) {
    catalog::Column column;
    column.number = static_cast<int16_t>(log.columns.size() + 1);
    column.name = name;
    column.type = 25;
    log.columns.push_back(column);
  }
  log.columns[2].generated = true;
  log.columns[2].default_text = "(what || who)";
  for (const std::string& definition : rules) {
    catalog::Rule rule;
    rule.name = "r";
    rule.event = '3';
    rule.definition = definition;
    log.rules.push_back(rule);
  }
  contents.relations.push_back(log);
  return {std::make_shared<const catalog::Catalog>(std::move(contents)), {"pg_catalog", "public"}};
}

std::string results_in(const Scope& scope, std::string_view text) {
  return results_text(*analyse(text, {}, scope), scope.catalog.get());
}

TEST(ResultsOfRules, ADoAlsoSelectSendsWhatNobodyAskedFor) {
  const char* kText = "INSERT INTO log (what) VALUES ('a')";
  EXPECT_EQ(results_in(changed({}), kText), "no rows[]");
  EXPECT_EQ(results_in(changed({"CREATE RULE r AS ON INSERT TO public.log DO ALSO DELETE FROM "
                                "public.log"}),
                       kText),
            "no rows[]");
  const Scope sends =
      changed({"CREATE RULE r AS ON INSERT TO public.log DO ALSO SELECT who FROM public.log"});
  EXPECT_EQ(results_in(sends, kText), "rows[]*");
  EXPECT_EQ(results_in(sends, "DELETE FROM log"), "no rows[]");
  EXPECT_EQ(results_in(sends, "SELECT 1; INSERT INTO log VALUES ('a'); SELECT 2"),
            "rows[?column?:] | rows[]* | rows[?column?:]");
}

TEST(ResultsOfRules, ItsReturningStandsForTheStatements) {
  const Scope scope = changed(
      {"CREATE RULE r AS ON INSERT TO public.log DO INSTEAD UPDATE public.log SET who = 'x' "
       "RETURNING what, who, what"});
  EXPECT_EQ(results_in(scope, "INSERT INTO log (what) VALUES ('a')"), "no rows[]");
  EXPECT_EQ(results_in(scope, "INSERT INTO log (what) VALUES ('a') RETURNING who"),
            "rows[who: log.who …]*");
}

TEST(ResultsOfCopy, GeneratedColumnsAreLeftOut) {
  EXPECT_EQ(results_in(changed({}), "COPY log TO STDOUT"),
            "copy(text \t '\\N' --) rows[what: log.what; who: log.who]");
  EXPECT_EQ(results_in(changed({}, true), "COPY log TO STDOUT"),
            "copy(text \t '\\N' --) rows[what: log.what; who: log.who]*");
  EXPECT_EQ(results_in(changed({}, true), "COPY log (who) TO STDOUT"),
            "copy(text \t '\\N' --) rows[who: log.who]");
}

TEST(Results, OfTextsThatCannotBeRead) {
  EXPECT_TRUE(analyse("SELEC", {}, scope())->results.empty());
  EXPECT_EQ(analyse("SELECT a FROM b; SELECT 2", {}, {})->results.size(), 2U);
}

TEST(Results, TheLastOutputIsOfTheLastStatementWithColumns) {
  const auto names = [](std::string_view text) {
    std::string out;
    const auto facts = analyse(text, {}, scope());
    for (const OutputColumn& column : facts->last_output()) out += column.name;
    return out;
  };
  EXPECT_EQ(names("SELECT ssn FROM users; SET a.b = 1"), "ssn");
  EXPECT_EQ(names("SELECT ssn FROM users; EXECUTE p"), "*");
  EXPECT_EQ(names("SET a.b = 1"), "");
}

TEST(Results, AreWeighed) {
  const auto weight = [](std::string_view text) { return analyse(text, {}, scope())->weight(); };
  EXPECT_GT(weight("SELECT id, ssn, name FROM users"), weight("SELECT FROM users"));
  const std::string name(60, 'n');
  EXPECT_GT(weight("FETCH " + name), weight("FETCH n") + 60);
}

TEST(Written, WhatIsMadeOfQueriesTellsWhereItComesFrom) {
  const Case kCases[] = {
      {"CREATE TABLE x AS SELECT id, lower(ssn) FROM users",
       "0.1: users.id; 0.2: lower(users.ssn)"},
      {"CREATE MATERIALIZED VIEW x AS SELECT ssn FROM users", "0.1: users.ssn"},
      {"SELECT ssn INTO x FROM users", "0.1: users.ssn"},
      {"SELECT id INTO x FROM users UNION SELECT ssn FROM users", "0.1: users.id users.ssn"},
      {"INSERT INTO nope SELECT id, ssn FROM users", "0.0: users.id users.ssn"},
      {"INSERT INTO nope (a, b) SELECT id, ssn FROM users", "0.0: users.id users.ssn"},
      {"CREATE TABLE x AS SELECT foreign_code(ssn) FROM users",
       "0.1: foreign_code(users.ssn) ?(0.0) …"},
      {"CREATE TABLE x AS EXECUTE p", "0.1: ?(0.0) …"},
      {"UPDATE nope SET a = ssn FROM users", "0.0: users.ssn"},
  };
  for (const Case& one : kCases) EXPECT_EQ(written_of(one.text), one.expected) << one.text;
}

}  // namespace
}  // namespace sluice::sql
