// How conditions look at columns, and to whom values are given: see sample_catalog.h, facts_text.h.
#include <algorithm>
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

/// Columns that have the use.
std::string columns_with(ColumnUses use, std::string_view text) {
  const auto facts = analyse(text, {}, scope());
  EXPECT_EQ(facts->unanalysable, "") << text;
  std::string out;
  for (const UsedColumn& column : facts->columns) {
    if ((column.uses & use) == 0) continue;
    out += (out.empty() ? "" : " ") + column_text(column.column, scope().catalog.get());
  }
  return out;
}

std::string probed(std::string_view text) { return columns_with(kProbed, text); }
std::string given_away(std::string_view text) { return columns_with(kGivenAway, text); }

class Equality : public testing::TestWithParam<const char*> {};

TEST_P(Equality, IsNotProbing) {
  const std::string text = "SELECT u.id FROM users u JOIN app.secret s ON true WHERE ";
  EXPECT_EQ(probed(text + GetParam()), "") << GetParam();
  EXPECT_EQ(columns_with(kUsedInPredicate, text + GetParam()).empty(), false) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(
    Conditions, Equality,
    testing::Values(
        "ssn = 'x'", "'x' = ssn", "ssn = $1", "ssn <> 'x'", "ssn != 'x'", "ssn IN ('a', 'b')",
        "ssn NOT IN ('a', 'b')", "ssn IN (SELECT k FROM app.secret)", "ssn = ANY(ARRAY['a', 'b'])",
        "ssn <> ALL(ARRAY['a'])", "ssn IS NULL", "ssn IS NOT NULL", "ssn IS DISTINCT FROM 'x'",
        "ssn IS NOT DISTINCT FROM name", "ssn = name", "ssn::text = 'x'", "ssn::varchar = 'x'",
        "ssn::bpchar = 'x'", "CAST(ssn AS text) = 'x'", "ssn", "NOT ssn", "ssn IS TRUE",
        "NOT (ssn = 'x')", "ssn = 'x' OR name = 'y'", "ssn = lower('X')", "ssn = 'a' || $1",
        "CASE ssn WHEN 'x' THEN true ELSE false END", "CASE WHEN ssn = 'x' THEN true END",
        "(ssn, name) = ('a', 'b')", "(ssn, name) IN (SELECT k, k FROM app.secret)",
        "ssn = (SELECT k FROM app.secret)", "(ssn = 'x')::int::text = '1'",
        "ssn COLLATE \"C\" = 'x'", "coalesce(ssn, name) = 'x'",
        "EXISTS (SELECT lower(ssn) FROM app.secret WHERE k = ssn)",
        "(SELECT count(name) FROM users) > 3", "ssn OPERATOR(pg_catalog.=) 'x'"));

class Probing : public testing::TestWithParam<const char*> {};

TEST_P(Probing, LooksIntoTheValue) {
  const std::string text = "SELECT u.id FROM users u WHERE ";
  // What it is compared with may be looked into as well.
  EXPECT_NE(probed(text + GetParam()).find("users.ssn"), std::string::npos) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(
    Conditions, Probing,
    testing::Values(
        "ssn = ANY($1)", "ssn = 'a' || name", "ssn = random()::text",
        "ssn IN ('1','2','3','4','5','6','7','8','9','10','11','12','13','14','15','16','17')",
        "ssn IN (SELECT unnest(ARRAY['a', 'b']))", "ssn = (SELECT 'a' || id)",
        "ssn IN (SELECT v FROM (VALUES ('a')) v(v))", "ssn LIKE 'a%'", "ssn ILIKE 'a%'",
        "ssn ~ 'a'", "ssn SIMILAR TO 'a'", "ssn < 'x'", "'x' > ssn", "ssn >= 'x'",
        "ssn BETWEEN 'a' AND 'b'", "ssn NOT BETWEEN 'a' AND 'b'", "lower(ssn) = 'x'",
        "ssn || '' = 'x'", "lower(ssn) IS NULL", "length(ssn) = 3", "ssn::int = 3",
        "ssn::varchar(3) = 'abc'", "ssn::char(3) = 'abc'", "ssn::name = 'x'", "NOT (ssn LIKE 'a')",
        "(ssn LIKE 'a') IS TRUE", "(ssn LIKE 'a') = true", "id = 'x' OR ssn LIKE 'a'",
        "id = lower(ssn)", "lower(ssn) IN ('a')", "lower(ssn) = ANY($1)", "ssn < ANY(ARRAY['a'])",
        "(ssn, 'a') < ('a', 'b')", "CASE WHEN ssn LIKE 'a%' THEN true END",
        "CASE lower(ssn) WHEN 'x' THEN true END", "CASE WHEN id = '1' THEN ssn END > 'x'",
        "greatest(ssn, 'm') = 'm'", "nullif(ssn, 'm') IS NULL",
        "id IN (SELECT lower(ssn) FROM users)", "id = (SELECT max(ssn) FROM users)",
        "EXISTS (SELECT FROM app.secret WHERE k = lower(ssn))",
        "'x' = (SELECT s.l FROM (SELECT upper(ssn) AS l FROM users) s)", "ident(lower(ssn)) = 'x'",
        "find_ssn(lower(ssn)) = 'x'", "ssn === 'x'", "ssn OPERATOR(app.=) 'x'",
        "ssn COLLATE mine = 'x'", "ssn::app.text = 'x'",
        // An outer function does not hide an inner one.
        "((SELECT count(ssn > 'a' OR NULL) FROM users) > 3) OR false",
        "lower(length(lower(ssn))::text) = 'x'"));

struct Case {
  const char* text;
  const char* expected;
};

class Places : public testing::TestWithParam<Case> {};

TEST_P(Places, WhereProbingCounts) {
  EXPECT_EQ(probed(GetParam().text), GetParam().expected) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    InTexts, Places,
    testing::Values(
        Case{"SELECT lower(ssn), ssn < 'a' FROM users", ""},
        Case{"SELECT id FROM users GROUP BY id, lower(ssn) ORDER BY lower(name)", ""},
        Case{"SELECT DISTINCT lower(ssn) FROM users", ""},
        Case{"SELECT id FROM users GROUP BY id HAVING max(ssn) > 'a'", "users.ssn"},
        Case{"SELECT id FROM users GROUP BY id HAVING count(ssn) > 1", ""},
        Case{"SELECT 1 FROM users u JOIN log l ON u.ssn < l.who", "users.ssn log.who"},
        Case{"SELECT 1 FROM users u JOIN log l ON u.ssn = l.who", ""},
        Case{"SELECT 1 FROM users u FULL JOIN log l ON u.ssn = l.who", "users.ssn log.who"},
        Case{"SELECT 1 FROM users JOIN (VALUES ('a')) v(ssn) USING (ssn)", "users.ssn"},
        Case{"SELECT 1 FROM users JOIN public.orders USING (id)", ""},
        Case{"SELECT 1 FROM users NATURAL JOIN public.orders", ""},
        Case{"SELECT 1 FROM (SELECT lower(ssn) AS id FROM users) a JOIN public.orders USING (id)",
             "users.ssn orders.id"},
        Case{"SELECT count(*) FILTER (WHERE ssn LIKE 'a%') FROM users", "users.ssn"},
        Case{"SELECT CASE WHEN ssn LIKE 'a%' THEN name END FROM users", "users.ssn"},
        Case{"SELECT 1 LIMIT (SELECT ssn FROM users)", "users.ssn"},
        Case{"SELECT 1 OFFSET (SELECT ssn FROM users)", "users.ssn"},
        Case{"SELECT 1 LIMIT (SELECT count(ssn) FROM users)", ""},
        Case{"SELECT sum(1) OVER (ROWS (SELECT ssn::int FROM users) PRECEDING)", "users.ssn"},
        Case{"SELECT (ARRAY['a', 'b'])[ssn::int] FROM users", "users.ssn"},
        Case{"SELECT count(*) FROM users, generate_series(1, length(ssn))", "users.ssn"},
        Case{"SELECT count(*) FROM (SELECT generate_series('1', ssn) FROM users) s", "users.ssn"},
        Case{"SELECT x FROM users, LATERAL unnest(ssn) x", ""},
        Case{"SELECT x FROM users, LATERAL unnest(lower(ssn)) x", "users.ssn"},
        Case{"DELETE FROM users WHERE ssn LIKE 'a%'", "users.ssn"},
        Case{"UPDATE users SET id = '1' WHERE ssn > 'a' RETURNING id", "users.ssn"},
        Case{"INSERT INTO log VALUES ('a') ON CONFLICT (what) DO UPDATE SET who = 'b' WHERE "
             "log.what LIKE 'a%'",
             "log.what"},
        Case{"INSERT INTO log VALUES ('a') ON CONFLICT (lower(what)) WHERE who > 'a' DO NOTHING",
             ""},
        Case{"MERGE INTO log USING users ON what < ssn WHEN MATCHED AND who > 'a' THEN DELETE",
             "users.ssn log.what log.who"},
        Case{"COPY log FROM STDIN WHERE who > 'a'", ""},
        Case{"CREATE VIEW x AS SELECT id FROM users WHERE ssn LIKE 'a%'", "users.ssn"},
        Case{"PREPARE p AS SELECT id FROM users WHERE ssn LIKE 'a%'", "users.ssn"},
        Case{"EXPLAIN SELECT id FROM users WHERE ssn LIKE 'a%'", "users.ssn"},
        Case{"SELECT 1 FROM users WHERE users = users", ""},
        Case{"SELECT 1 FROM users WHERE users::text LIKE 'a%'", "users.0"}));

INSTANTIATE_TEST_SUITE_P(
    InBodies, Places,
    testing::Values(
        // A view's own conditions are its owner's; those over its columns are the text's.
        Case{"SELECT label FROM vv", ""}, Case{"SELECT id FROM v WHERE id = '1'", ""},
        Case{"SELECT id FROM v WHERE id > '1'", "users.id"},
        Case{"SELECT id FROM v WHERE label = 'x'",
             "users.ssn"},  // What an argument is compared with may be looked for by a whole column
                            // of arguments.
        Case{"SELECT find_ssn('x')", "users.name"},
        Case{"SELECT find_ssn(ssn) FROM users", "users.name users.ssn"},
        Case{"SELECT find_ssn(lower(ssn)) FROM users", "users.name users.ssn"},
        Case{"DO 'DECLARE v text; BEGIN SELECT ssn INTO v FROM users; IF v LIKE ''a%'' THEN "
             "PERFORM 1; END IF; END'",
             "users.ssn"},
        Case{"DO 'DECLARE v text; BEGIN SELECT ssn INTO v FROM users; IF v = ''a'' THEN PERFORM "
             "1; END IF; END'",
             ""},
        Case{"DO 'DECLARE v text; BEGIN SELECT ssn INTO v FROM users; WHILE v > ''a'' LOOP "
             "PERFORM 1; END LOOP; END'",
             "users.ssn"},
        Case{"DO 'DECLARE v text; BEGIN SELECT ssn INTO v FROM users; FOR i IN 1 .. v LOOP "
             "PERFORM 1; END LOOP; END'",
             "users.ssn"},
        Case{"DO 'DECLARE v text; BEGIN SELECT ssn INTO v FROM users; CASE WHEN v < ''b'' THEN "
             "PERFORM 1; ELSE NULL; END CASE; END'",
             "users.ssn"},
        Case{"DO 'BEGIN IF EXISTS (SELECT FROM users WHERE ssn LIKE ''a%'') THEN PERFORM 1; END "
             "IF; END'",
             "users.ssn"}));

TEST(Ordering, OfAViewsDefinitionIsItsOwners) {
  catalog::Catalog::Contents contents;
  contents.schemas = {"pg_catalog", "public"};
  for (const char* name : {"t", "v"}) {
    catalog::Relation one;
    one.oid = 20001 + static_cast<Oid>(contents.relations.size());
    one.schema = "public";
    one.name = name;
    catalog::Column column;
    column.number = 1;
    column.name = "a";
    one.columns = {column};
    contents.relations.push_back(one);
  }
  contents.relations[1].kind = catalog::RelationKind::kView;
  contents.relations[1].view_definition =
      " SELECT t.a FROM public.t WHERE (t.a > 'x') ORDER BY t.a;";
  const auto catalog = std::make_shared<const catalog::Catalog>(std::move(contents));
  const Scope views{catalog, {"pg_catalog", "public"}};
  const auto uses = [&](std::string_view text) {
    return uses_text(*analyse(text, {}, views), catalog.get());
  };
  EXPECT_EQ(uses("SELECT 1 FROM v"), "t.a=p");
  EXPECT_EQ(uses("SELECT 1 FROM v ORDER BY a"), "t.a=ps");
  EXPECT_EQ(uses("SELECT 1 FROM v WHERE a > 'a'"), "t.a=p?");
  EXPECT_EQ(uses("CREATE VIEW w AS SELECT 1 FROM t WHERE a > 'x' ORDER BY a"), "t.a=ps?");
}

TEST(Conflicts, TellWhetherAValueIsThere) {
  const auto arbiter = [](const std::string& clause) {
    return columns_with(kArbiter, "INSERT INTO log VALUES ('a', 'b') ON CONFLICT " + clause);
  };
  EXPECT_EQ(arbiter("(what) DO NOTHING"), "log.what");
  EXPECT_EQ(arbiter("(who, what) DO UPDATE SET who = 'c'"), "log.what log.who");
  EXPECT_EQ(arbiter("(what) WHERE who = 'b' DO NOTHING"), "log.what");
  EXPECT_EQ(arbiter("ON CONSTRAINT nobody_knows DO NOTHING"), "log.0");
  EXPECT_EQ(arbiter("DO NOTHING"), "");
  const std::string lower = "INSERT INTO log VALUES ('a') ON CONFLICT (lower(what)) DO NOTHING";
  EXPECT_EQ(columns_with(kUsedInPredicate, lower), "log.what");
}

class Calls : public testing::TestWithParam<Case> {};

TEST_P(Calls, ToFunctionsThatMayKeepIt) {
  EXPECT_EQ(given_away(GetParam().text), GetParam().expected) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Functions, Calls,
    testing::Values(
        Case{"SELECT lower(ssn), length(ssn), max(ssn) OVER () FROM users", ""},
        Case{"SELECT set_config('a.b', ssn, false) FROM users", "users.ssn"},
        Case{"SELECT 1 FROM users WHERE set_config('a.b', lower(ssn), false) IS NULL", "users.ssn"},
        Case{"SELECT pg_sleep(length(ssn)) FROM users", "users.ssn"},
        Case{"SELECT pg_read_file(ssn) FROM users", "users.ssn"},
        Case{"SELECT query_to_xml(ssn, true, true, '') FROM users", "users.ssn"},
        Case{"SELECT * FROM users, query_to_xml(ssn, true, true, '')", "users.ssn"},
        Case{"SELECT set_config('a.b', (SELECT max(ssn) FROM users), true)", "users.ssn"},
        Case{"EXPLAIN SELECT set_config('a.b', ssn, false) FROM users", ""},
        // Bodies that can be read tell what they do themselves.
        Case{"SELECT record_it(ssn) FROM users", ""}, Case{"SELECT find_ssn(ssn) FROM users", ""},
        Case{"SELECT run(ssn) FROM users", "users.ssn"},
        Case{"SELECT foreign_code(ssn) FROM users", "users.ssn"},
        Case{"SELECT unheard_of(ssn) FROM users", "users.ssn"},
        Case{"DO 'DECLARE v text; BEGIN SELECT ssn INTO v FROM users; PERFORM set_config(''a.b'', "
             "v, false); END'",
             "users.ssn"},
        Case{"SELECT ident(ssn) FROM users", ""}));

TEST(GivenAway, ATriggersDoingIsNotTheStatements) {
  catalog::Catalog::Contents contents;
  contents.schemas = {"pg_catalog", "public"};
  catalog::Relation table;
  table.oid = 20001;
  table.schema = "public";
  table.name = "t";
  catalog::Column column;
  column.number = 1;
  column.name = "a";
  table.columns = {column};
  catalog::Function keeps;
  keeps.oid = 1300;
  keeps.schema = "pg_catalog";
  keeps.name = "set_config";
  keeps.argument_types = {25, 25, 16};
  keeps.language = "internal";
  catalog::Function code = keeps;
  code.oid = 20002;
  code.schema = "public";
  code.name = "on_t";
  code.argument_types = {};
  code.language = "plpgsql";
  code.return_type = 2279;
  code.source =
      "BEGIN IF NEW.a LIKE 'x%' THEN PERFORM set_config('a.b', NEW.a, false); END IF; RETURN NEW; "
      "END";
  catalog::Trigger trigger;
  trigger.name = "tr";
  trigger.function = code.oid;
  trigger.definition =
      "CREATE TRIGGER tr BEFORE UPDATE ON public.t FOR EACH ROW WHEN (new.a > 'a') EXECUTE "
      "FUNCTION "
      "public.on_t()";
  table.triggers = {trigger};
  contents.relations = {table};
  contents.functions = {keeps, code};
  const auto catalog = std::make_shared<const catalog::Catalog>(std::move(contents));
  const Scope triggers{catalog, {"pg_catalog", "public"}};
  const auto uses = [&](std::string_view text) {
    const auto facts = analyse(text, {}, triggers);
    EXPECT_EQ(facts->unanalysable, "") << text;
    return uses_text(*facts, catalog.get());
  };
  EXPECT_EQ(uses("UPDATE t SET a = 'y'"), "t.0= t.a=pw");
  EXPECT_EQ(uses("DO 'DECLARE v text; BEGIN SELECT a INTO v FROM t; IF v LIKE ''x%'' THEN PERFORM "
                 "set_config(''a.b'', v, false); END IF; END'"),
            "t.a=p?!");
}

/// The functions in between: what a planner of masks goes by.
class Lineage : public testing::TestWithParam<Case> {};

TEST_P(Lineage, NamesTheColumnAndTheWay) {
  const auto facts = analyse(GetParam().text, {}, scope());
  EXPECT_EQ(facts->unanalysable, "") << GetParam().text;
  EXPECT_EQ(columns_text(facts->last_output(), scope().catalog.get()), GetParam().expected)
      << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Ways, Lineage,
    testing::Values(
        Case{"SELECT count(ssn), count(*) FROM users", "count: count(users.ssn); count:"},
        Case{"SELECT count(DISTINCT ssn) FROM users", "count: count(users.ssn)"},
        Case{"SELECT ssn IS NULL AS n FROM users", "n: IS NULL(users.ssn)"},
        Case{"SELECT length(ssn) FROM users", "length: length(users.ssn)"},
        Case{"SELECT coalesce(ssn, name) FROM users", "coalesce: users.name users.ssn"},
        Case{"SELECT nullif(ssn, name) FROM users", "nullif: nullif(users.name) nullif(users.ssn)"},
        Case{"SELECT greatest(ssn, '') FROM users", "greatest: greatest(users.ssn)"},
        Case{"SELECT CASE WHEN id > '1' THEN ssn END FROM users", "case: users.ssn"},
        Case{"SELECT sum(ssn) FROM users", "sum: sum(users.ssn)"},
        Case{"SELECT row_to_json(u) FROM users u", "row_to_json: row_to_json(users.0)"},
        Case{"SELECT u FROM users u", "u: users.0"},
        Case{"SELECT (u).* FROM users u",
             "id: users.id; name: users.name; ssn: users.ssn; email: users.email"},
        Case{"SELECT (u).ssn FROM users u", "ssn: users.ssn"},
        Case{"SELECT u::text FROM users u", "u: ::text(users.0)"},
        Case{"SELECT ssn::varchar(3) FROM users", "ssn: ::varchar(n)(users.ssn)"},
        Case{"SELECT array_agg(ssn) FROM users", "array_agg: array_agg(users.ssn)"},
        Case{"SELECT ARRAY[ssn] AS a, ARRAY(SELECT ssn FROM users) AS b FROM users",
             "a: array(users.ssn); b: array(users.ssn)"},
        Case{"SELECT (ARRAY[ssn])[1] AS a FROM users", "a: [](array(users.ssn))"},
        Case{"SELECT ROW(ssn, id) AS r FROM users", "r: row(users.id) row(users.ssn)"},
        Case{"SELECT xmlelement(name a, xmlattributes(id AS i), ssn) FROM users",
             "xmlelement: xml(users.id) xml(users.ssn)"},
        Case{"SELECT lag(ssn) OVER (ORDER BY id) FROM users", "lag: lag(users.ssn)"},
        Case{"SELECT first_value(ssn) OVER () FROM users", "first_value: first_value(users.ssn)"},
        Case{"SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY ssn) FROM users",
             "percentile_disc: percentile_disc(users.ssn)"},
        Case{"SELECT mode() WITHIN GROUP (ORDER BY ssn) FROM users", "mode: mode(users.ssn)"},
        Case{"SELECT x FROM users, LATERAL unnest(ssn) x", "x: unnest(users.ssn)"},
        Case{"SELECT * FROM users u, LATERAL (VALUES ((SELECT u.ssn)), ('a')) v(c)",
             "id: users.id; name: users.name; ssn: users.ssn; email: users.email; c: users.ssn"},
        Case{"SELECT ssn, grouping(ssn) FROM users GROUP BY GROUPING SETS ((ssn), ())",
             "ssn: users.ssn; grouping:"},
        Case{"SELECT * FROM users, json_populate_record(NULL::users, ssn) j",
             "id: users.id; name: users.name; ssn: users.ssn; email: users.email; *: "
             "json_populate_record(users.ssn) …"},
        Case{"SELECT lower(upper(lower(ssn))) AS x, lower(lower(ssn)) AS y FROM users",
             "x: lower(upper(lower(users.ssn))); y: lower(users.ssn)"},
        Case{"SELECT ssn || name || ssn AS x FROM users", "x: ||(users.name) ||(users.ssn)"}));

}  // namespace
}  // namespace sluice::sql
