// WHERE conditions that limit nothing by what they are put together of: choices, ranges, patterns,
// arrays, and others that look alike.
#include <gtest/gtest.h>

#include "sql/condition_fixture.h"

namespace sluice::sql {
namespace {

void check(std::initializer_list<const char*> conditions, bool limit) {
  for (const char* condition : conditions) EXPECT_EQ(limits(condition), limit) << condition;
}

TEST(ConditionChoices, OfWhichEachIsTrueLimitNothing) {
  check({"CASE WHEN id = id THEN true END",
         "CASE WHEN id IS NOT NULL THEN true END",
         "CASE WHEN id IS NULL THEN false ELSE true END",
         "CASE id WHEN id THEN 1 ELSE 0 END = 1",
         "CASE WHEN id > 5 THEN 1 ELSE 2 END > 0",
         "CASE WHEN id > 5 THEN 1 ELSE 2 END IN (1, 2)",
         "CASE WHEN id > 5 THEN 1 ELSE 2 END BETWEEN 1 AND 2",
         "CASE WHEN true THEN true ELSE id = 5 END",
         "CASE WHEN 1 = 1 THEN true ELSE id = 5 END",
         "nullif(id = id, false)",
         "nullif(true, id IS NULL)",
         "(id = 5) OR (id = 5) IS NOT TRUE",
         "(id = 5) <= true",
         "(id = 5) >= false",
         "done <= true",
         "NOT id <> ALL (ARRAY[id])",
         "NOT id NOT IN (id)",
         "NOT id NOT IN (id, 5)",
         "id <= ALL (SELECT id)",
         "greatest(id, v) >= least(id, v)",
         "least(id, v) <= greatest(v, id)"},
        false);
  check({"CASE WHEN id > 5 THEN true END",
         "CASE WHEN id > 5 THEN 1 ELSE 0 END = 1",
         "CASE WHEN id > 5 THEN 1 ELSE 2 END > 1",
         "CASE WHEN id > 5 THEN 1 ELSE 2 END IN (2, 3)",
         "CASE WHEN id > 5 THEN maybe ELSE true END",
         "CASE WHEN note IS NOT NULL THEN true END",
         "CASE WHEN $1 THEN true ELSE id = 5 END",
         "CASE WHEN 'a' = 'b' THEN true ELSE id = 5 END",
         "CASE id WHEN v THEN 1 ELSE 0 END = 1",
         "CASE v WHEN 3 THEN 1 WHEN 4 THEN 2 END > 0",
         "nullif(done, true)",
         "nullif(id = 5, false)",
         "(id = 5) OR (v = 5) IS NOT TRUE",
         "maybe <= true",
         "(id = 5) >= true",
         "NOT id <> ALL (ARRAY[v])",
         "NOT id NOT IN (v, 5)",
         "id <= ALL (SELECT v)",
         "greatest(id, 5) >= least(v, 7)",
         "least(id, v) >= 5"},
        true);
}

TEST(ConditionRanges, ThatAreAllMadeAlikeLimitNothing) {
  check({"NOT isempty(int4range(id, id, '[]'))", "isempty(int4range(id, id))",
         "NOT isempty(int4range(id, id + 1))", "isempty(int4range(id, id + 1)) = false",
         "NOT isempty(int4range(id, v, '[]'))", "NOT isempty(numrange(id, id, '[]'))",
         "NOT isempty(int4range(id, NULL))", "lower_inc(int4range(id, id, '[]'))",
         "NOT upper_inc(int4range(id, id, '[]'))", "NOT lower_inf(int4range(id, v))",
         "upper_inf(int4range(id, NULL))", "int4range(id, id, '[]') <> 'empty'",
         "int4range(id, id) = 'empty'::int4range",
         "NOT isempty(int4multirange(int4range(id, id, '[]')))",
         "NOT isempty(multirange(int4range(id, id, '[]')))"},
        false);
  check({"NOT isempty(int4range(id, v))", "NOT isempty(int4range(id, 5))",
         "isempty(int4range(id, nullif(v, 5)))", "NOT isempty(int4range(id, v) * int4range(1, 5))",
         "upper_inf(int4range(id, nullif(v, 5)))", "lower_inc(int4range(id, v))",
         "int4range(id, v) <> 'empty'", "int4range(id, id, '[]') <> '[5,6)'",
         "int4range(id, id, '[]') && int4range(5, 10)", "lower(int4range(id, v)) = 5"},
        true);
}

TEST(ConditionPatterns, ThatEachTextHasLimitNothing) {
  check({"note ~ 'x*'",
         "note ~ '(.*)'",
         "note ~ '()'",
         "note ~ '(?:)'",
         "note ~ 'a|'",
         "note ~ '|'",
         "note ~ '.?'",
         "note ~ '^x*'",
         "note ~ '[a-z]*'",
         "note ~ '(ab)?c*'",
         "note ~ 'x{0,3}'",
         "note ~* '\\d*'",
         "note LIKE '%' || '%'",
         "note LIKE '' || '%'",
         "regexp_like(note, '.*')",
         "regexp_like(note, '')",
         "textlike(note, '%')",
         "textregexeq(note, 'x*')",
         "length(id::text) BETWEEN 1 AND 100",
         "length(id::text) < 12",
         "bit_length(id::text) < 100",
         "length(md5(id::text)) = 32"},
        false);
  check({"note ~ 'x'",
         "note ~ '[^]*|x]'",
         "note ~ '[\\]*|x]'",
         "note ~ 'x+'",
         "note ~ '^x*$'",
         "note ~ '(x)'",
         "note ~ 'a|b'",
         "note ~ 'a*b'",
         "note ~ '(^|x)y'",
         "note ~ 'x{1,3}'",
         "note ~ '\\*'",
         "note ~ '[*]'",
         "note ~ 'a\\|'",
         "note ~ '***=x*'",
         "note !~ 'x'",
         "note LIKE '%' || 'x'",
         "regexp_like(note, 'x')",
         "textlike(note, 'a%')",
         "length(id::text) BETWEEN 2 AND 100",
         "bit_length(id::text) < 20",
         "length(id::text) < 3",
         "length(id::text) <= 10",
         "length(note) < 100"},
        true);
}

TEST(ConditionNumbers, ThatAreSoForEachRowLimitNothing) {
  check({"@ id >= 0",
         "id * id >= 0",
         "id ^ 2 >= 0",
         "power(id, 2) >= 0",
         "sqrt(abs(id)) >= 0",
         "least(abs(id), 5) >= 0",
         "floor(id) <= id",
         "ceil(id) >= id",
         "round(id) = id",
         "trunc(id) = id",
         "ctid > '(0,0)'",
         "ctid >= '(0,0)'::tid",
         "id = id COLLATE \"C\"",
         "id = ANY ('{}'::int[] || id)",
         "id = ANY (ARRAY[id] || v)",
         "id = ANY (array_append(ARRAY[v], id))",
         "jsonb_array_length(jsonb_build_array(id)) = 1",
         "NOT int4ne(id, id)",
         "NOT int4lt(id, id)",
         "point(id, id) ~= point(id, id)",
         "replace(id::text, 'x', 'y') IS NOT NULL"},
        false);
  check({"id * v >= 0", "id * id >= 5", "id ^ 2 > 0", "power(id, 3) >= 0", "power(id, v) >= 0",
         "sqrt(id) >= 2", "floor(id / 2.0) <= v", "round(id / 10.0) = id", "round(id) = v",
         "ctid > '(1,0)'", "ctid = '(0,1)'", "id = ANY (ARRAY[v] || 5)",
         "id = ANY (array_append(ARRAY[v], 5))", "jsonb_array_length(note::jsonb) = 1",
         "int4ne(id, v)", "point(id, v) ~= point(v, id)", "substring(note FROM 'x') IS NOT NULL"},
        true);
}

/// A verdict is kept by the text without its literals.
TEST(ConditionChoices, LiteralsThatCountAreToldOf) {
  for (const char* condition :
       {"id * id >= 5", "note ~ 'x'", "CASE WHEN id > 5 THEN 1 ELSE 2 END > 1", "ctid > '(1,0)'",
        "int4range(id, v, '[)') <> 'empty'", "length(id::text) < 3", "textlike(note, 'a%')"})
    EXPECT_TRUE(facts_of(std::string("DELETE FROM t WHERE ") + condition)->depends_on_literals)
        << condition;
}

}  // namespace
}  // namespace sluice::sql
