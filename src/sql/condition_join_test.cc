// WHERE conditions that limit nothing, and others that look alike.
#include <algorithm>
#include <memory>
#include <regex>
#include <string>

#include <gtest/gtest.h>

#include "sql/analyse.h"
#include "sql/condition_fixture.h"

namespace sluice::sql {
namespace {

TEST(Condition, OfTheTableBehindAQueryLimitsNothing) {
  for (const char* condition :
       {"id = (SELECT max(o.id) FROM t o WHERE o.id = t.id)", "EXISTS (SELECT t.id)",
        "id BETWEEN (SELECT min(id) FROM t) AND (SELECT max(id) FROM t)",
        "(SELECT true FROM t o WHERE o.id = t.id)",
        "(SELECT bool_or(true) FROM other WHERE t.id = t.id)",
        "EXISTS (SELECT 1 WHERE t.id IS NOT NULL)",
        "EXISTS (SELECT FROM other WHERE t.id IS NOT NULL)",
        "(SELECT count(*) FROM t o WHERE o.id = t.id) > 0",
        "id IN (SELECT id FROM t UNION SELECT 1)", "id IN (SELECT id FROM t GROUP BY id)",
        "id IN (WITH q AS (SELECT id FROM t) TABLE q)",
        "id = ANY (SELECT id FROM (SELECT v, id FROM t) q)",
        "(id, v, note, done, maybe) IN (TABLE t)",
        "NOT EXISTS (SELECT FROM other o WHERE o.id = t.id AND false)"})
    EXPECT_FALSE(limits(condition)) << condition;
  for (const char* condition :
       {"id = (SELECT max(o.id) FROM t o WHERE o.v = t.v)",
        "v = (SELECT max(o.v) FROM t o WHERE o.id = t.id AND o.done)",
        "EXISTS (SELECT 1 WHERE t.id = 5)",
        "id BETWEEN (SELECT min(v) FROM t) AND (SELECT max(v) FROM t)",
        "(SELECT o.done FROM t o WHERE o.id = t.id)",
        "(SELECT count(*) > 1 FROM t o WHERE o.v = t.v)",
        "(SELECT done FROM other o WHERE o.id = t.id)",
        "EXISTS (SELECT FROM other WHERE t.id = other.id)",
        "(SELECT count(*) FROM t o WHERE o.v = t.v) > 1",
        "(SELECT count(*) FROM other o WHERE o.id = t.id) > 0",
        "id IN (SELECT id FROM t EXCEPT SELECT 1)", "id IN (SELECT id FROM other UNION SELECT 1)",
        "id IN (WITH q AS (SELECT id FROM t WHERE v = 1) TABLE q)",
        "id IN (WITH q AS (SELECT v AS id FROM t) SELECT id FROM q)",
        "id IN (WITH q (id) AS (SELECT v FROM t) SELECT id FROM q)",
        "id = ANY (SELECT id FROM (SELECT id FROM t LIMIT 5) q)",
        "id = ANY (SELECT id FROM (SELECT v AS id FROM t) q)",
        "NOT EXISTS (SELECT FROM other o WHERE o.id = t.id)"})
    EXPECT_TRUE(limits(condition)) << condition;
}

TEST(Condition, OfTheTableJoinedWithItselfLimitsNothing) {
  for (const char* text :
       {"DELETE FROM t USING t o WHERE t.id = o.id",
        "DELETE FROM t USING t AS o WHERE o.id >= t.id AND o.v IS NOT NULL",
        "DELETE FROM t a USING public.t b WHERE (a.id, a.v) = (b.id, b.v) OR a.id = b.id",
        "UPDATE t SET v = 0 FROM t o WHERE t.id = o.id",
        "UPDATE t SET v = 0 FROM t o WHERE t.ctid IS NOT NULL AND o.id = t.id",
        "DELETE FROM t WHERE EXISTS (SELECT FROM t o WHERE o.id = t.id)",
        "DELETE FROM t WHERE EXISTS (SELECT 1 FROM t o WHERE o.id = t.id AND o.v = t.v)",
        "DELETE FROM t WHERE EXISTS (SELECT 1 FROM other o WHERE o.id = 5)",
        "MERGE INTO t USING t s ON t.id = s.id WHEN MATCHED THEN DELETE",
        "MERGE INTO t USING t s ON t.id = s.id WHEN MATCHED THEN UPDATE SET v = 0",
        "DELETE FROM t WHERE tableoid = 't'::regclass",
        "DELETE FROM t WHERE length(id::text) > 0",
        "DELETE FROM t WHERE length(id::text) >= 1",
        "DELETE FROM t WHERE id::text <> ''",
        "DELETE FROM t USING t o WHERE t.ctid = o.ctid",
        "DELETE FROM t USING t o WHERE t = o",
        "DELETE FROM t WHERE EXISTS (SELECT FROM t o WHERE o = t)",
        "DELETE FROM t USING (SELECT id FROM t) o WHERE t.id = o.id",
        "UPDATE t SET v = o.v FROM (SELECT * FROM t) o WHERE t.id = o.id",
        "WITH q AS (SELECT id FROM t) DELETE FROM t USING q WHERE q.id = t.id",
        "WITH q AS (SELECT id FROM t) DELETE FROM t WHERE id IN (SELECT id FROM q)",
        "MERGE INTO t USING (SELECT id FROM t) s ON t.id = s.id WHEN MATCHED THEN DELETE",
        "INSERT INTO t SELECT * FROM t ON CONFLICT (id) DO UPDATE SET v = 0",
        "INSERT INTO t (v, id) SELECT 0, id FROM t ON CONFLICT (id) DO UPDATE SET v = EXCLUDED.v",
        "INSERT INTO t TABLE t ON CONFLICT ON CONSTRAINT t_key DO UPDATE SET v = 0 WHERE true"})
    EXPECT_TRUE(deletes_all(text)) << text;
}

TEST(Condition, OfTheTableJoinedWithItselfAndMoreLimits) {
  for (const char* text :
       {"DELETE FROM t USING t o WHERE t.id = o.id AND o.v = 5",
        "DELETE FROM t USING t o WHERE t.id = o.id AND o.note = 'x'",
        "DELETE FROM t USING t o WHERE t.v = o.v AND t.id < o.id",
        "DELETE FROM t USING t o WHERE t.id = o.v",
        "DELETE FROM t USING t o (v, id) WHERE t.id = o.id",
        "DELETE FROM t USING (SELECT id FROM t WHERE v = 1) o WHERE t.id = o.id",
        "DELETE FROM t USING other o WHERE t.id = o.id",
        "WITH t AS (SELECT * FROM t WHERE v = 1) DELETE FROM public.t USING t o WHERE t.id = o.id",
        "DELETE FROM t WHERE EXISTS (SELECT FROM t o WHERE o.id = t.id AND o.v = 5)",
        "DELETE FROM t WHERE EXISTS (SELECT FROM t o WHERE o.v = t.v AND o.id < t.id)",
        "DELETE FROM t WHERE EXISTS (SELECT FROM other o WHERE o.id = t.id)",
        "DELETE FROM t WHERE EXISTS (SELECT FROM t o WHERE o.id = t.id OFFSET 1)",
        "DELETE FROM t WHERE EXISTS (SELECT v FROM t o WHERE o.id = t.id GROUP BY v HAVING v = 1)",
        "DELETE FROM t WHERE NOT EXISTS (SELECT FROM t o WHERE o.id = t.id)",
        "MERGE INTO t USING t s ON t.id = s.id AND s.v = 5 WHEN MATCHED THEN DELETE",
        "MERGE INTO t USING t s ON t.id = s.id WHEN MATCHED AND s.v = 5 THEN DELETE",
        "MERGE INTO t USING other s ON t.id = s.id WHEN MATCHED THEN DELETE",
        "DELETE FROM t USING t o WHERE t.ctid < o.ctid AND t.v = o.v",
        "DELETE FROM t USING (SELECT v AS id FROM t) o WHERE t.id = o.id",
        "WITH q AS (SELECT id FROM t LIMIT 5) DELETE FROM t USING q WHERE q.id = t.id",
        "WITH q AS (SELECT id, row_number() OVER () AS n FROM t) DELETE FROM t USING q "
        "WHERE q.id = t.id AND q.n > 1",
        "INSERT INTO t SELECT * FROM t WHERE v = 1 ON CONFLICT (id) DO UPDATE SET v = 0",
        "INSERT INTO t SELECT * FROM other ON CONFLICT (id) DO UPDATE SET v = 0",
        "INSERT INTO t (id, v) SELECT v, id FROM t ON CONFLICT (id) DO UPDATE SET v = 0",
        "INSERT INTO t (id) SELECT id + 1000 FROM t ON CONFLICT (id) DO UPDATE SET v = 0",
        "INSERT INTO t TABLE t ON CONFLICT (id) DO UPDATE SET v = 0 WHERE t.v <> EXCLUDED.v",
        "INSERT INTO t TABLE t ON CONFLICT DO NOTHING",
        "DELETE FROM t WHERE length(id::text) > 1",
        "DELETE FROM t WHERE length(note::text) > 0",
        "DELETE FROM t WHERE id::text <> '5'"})
    EXPECT_FALSE(deletes_all(text)) << text;
}

/// A trigger's transition table has a name like a query in WITH, and no query.
TEST(Condition, OfATransitionTableLimits) {
  catalog::Catalog::Contents contents;
  catalog::Function function;
  function.oid = 30000;
  function.schema = "public";
  function.name = "after_change";
  function.language = "plpgsql";
  function.source = "BEGIN DELETE FROM t USING changed c WHERE c.id = t.id; RETURN NULL; END";
  function.return_type = 2279;
  contents.functions.push_back(function);
  catalog::Trigger trigger;
  trigger.name = "after_change";
  trigger.function = function.oid;
  trigger.definition =
      "CREATE TRIGGER after_change AFTER UPDATE ON public.t REFERENCING NEW TABLE AS changed FOR "
      "EACH STATEMENT EXECUTE FUNCTION public.after_change()";
  const auto before = tables();
  for (catalog::Relation table : before->relations()) {
    if (table.name == "t") table.triggers.push_back(trigger);
    contents.relations.push_back(std::move(table));
  }
  Scope scope;
  scope.catalog = std::make_shared<const catalog::Catalog>(std::move(contents));
  scope.search_path = {"pg_catalog", "public"};
  const auto facts = analyse("UPDATE t SET v = 1 WHERE id = 1", {}, scope);
  size_t deletes = 0;
  for (const Action& action : facts->actions) {
    EXPECT_FALSE(action.without_where);
    deletes += action.kind == ActionKind::kDelete ? 1 : 0;
  }
  EXPECT_EQ(deletes, 1u);
}

TEST(Condition, OfAQueryInWithOfTheSameNameLimits) {
  const auto facts = facts_of(
      "WITH t AS (SELECT id FROM t WHERE v = 1) DELETE FROM t WHERE id IN (SELECT id FROM t)");
  for (const Action& action : facts->actions) EXPECT_FALSE(action.without_where);
}

}  // namespace
}  // namespace sluice::sql
