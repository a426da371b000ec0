#include "mask/statement_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mask/catalog_types.h"
#include "sql/analyse.h"
#include "sql/sample_catalog.h"

namespace sluice::mask {
namespace {

using privacy::Class;
using privacy::Shape;

/// users.ssn and users.email are sensitive, log.what is free text, admins.email like users'; the
/// rest is harmless.
class SamplePlans {
 public:
  static SamplePlans& get() {
    static SamplePlans plans;
    return plans;
  }

  StatementPlan of(std::string_view text) const {
    const auto facts = sql::analyse(text, {}, {catalog_, {"pg_catalog", "public"}});
    EXPECT_EQ(facts->unanalysable, "") << text;
    return plan(*facts, audience_);
  }

 private:
  static std::shared_ptr<const privacy::Labels> labels(const catalog::Catalog& catalog) {
    privacy::Labels::Tables tables;
    for (const auto& relation : catalog.relations()) {
      if (relation.name == "items") continue;  // not classified
      if (relation.system()) {
        auto known = privacy::built_in_labels(relation);
        if (known && relation.name == "pg_largeobject")
          tables.emplace(relation.oid,
                         std::make_shared<const privacy::TableLabels>(std::move(*known)));
        continue;
      }
      auto table = std::make_shared<privacy::TableLabels>();
      table->oid = relation.oid;
      table->schema = relation.schema;
      table->name = relation.name;
      for (const auto& column : relation.columns) {
        auto& label = table->columns.emplace_back();
        label.number = column.number;
        label.name = column.name;
        label.type = column.type_name;
        const bool person = relation.name == "users" || relation.name == "admins";
        if (person && column.name == "ssn") whole(label, Class::kUsSsn);
        if (person && column.name == "email") whole(label, Class::kEmail);
        if (relation.name == "log" && column.name == "what") {
          label.decision.shape = Shape::kFreeText;
        }
      }
      tables.emplace(relation.oid, std::move(table));
    }
    return std::make_shared<const privacy::Labels>(std::move(tables));
  }

  static void whole(privacy::ColumnLabel& label, Class cls) {
    label.decision.shape = Shape::kWhole;
    label.decision.cls = cls;
  }

  std::shared_ptr<const catalog::Catalog> catalog_ = sql::SampleCatalog::make();
  Audience audience_{catalog_, std::make_shared<const CatalogTypes>(*catalog_), labels(*catalog_),
                     policy::Exposure()};
};

/// One letter for each column of the last result: "." as it is, "m" masked by its class, "r"
/// redacted, "t" searched; "?" behind them where columns are not told.
std::string outputs(const StatementPlan& plan) {
  std::string out;
  if (plan.results.empty()) return out;
  for (const auto& column : plan.results.back().columns) {
    const bool whole = column.shape == Shape::kWhole;
    out += column.shape == Shape::kNone          ? '.'
           : whole && column.cls != Class::kNone ? 'm'
           : whole                               ? 'r'
                                                 : 't';
  }
  if (plan.results.back().hides_unknown) out += '?';
  return out;
}

struct Case {
  std::string_view text, outputs;
};

class Outputs : public testing::TestWithParam<Case> {};

TEST_P(Outputs, AreHiddenWhereTheySay) {
  const auto plan = SamplePlans::get().of(GetParam().text);
  EXPECT_EQ(outputs(plan), GetParam().outputs) << GetParam().text;
  EXPECT_FALSE(plan.objection) << plan.objection->message;
}

INSTANTIATE_TEST_SUITE_P(
    Plans, Outputs,
    testing::Values(
        Case{"SELECT id, name FROM users", ".."}, Case{"SELECT * FROM users", "..mm"},
        Case{"SELECT email AS x FROM users u", "m"}, Case{"SELECT email || '' FROM users", "r"},
        Case{"SELECT upper(email), name FROM users", "r."},
        Case{"SELECT count(email), count(*) FROM users", ".."},
        Case{"SELECT sum((email IS NOT NULL)::int), count(*) - count(email) FROM users", ".."},
        Case{"SELECT 100.0 * count(email) / nullif(count(*), 0) FROM users", "."},
        Case{"SELECT max((email IS NULL)::int), max(email) FROM users", ".r"},
        Case{"SELECT email IS NULL FROM users", "."}, Case{"SELECT u FROM users u", "r"},
        Case{"SELECT coalesce(email, '') FROM users", "m"},
        Case{"SELECT coalesce(email, ssn) FROM users", "r"},
        Case{"SELECT CASE WHEN id = '1' THEN email ELSE name END FROM users", "m"},
        Case{"SELECT email FROM users UNION ALL SELECT name FROM users", "m"},
        Case{"SELECT email FROM users UNION ALL SELECT ssn FROM users", "r"},
        Case{"SELECT what, who FROM log", "t."}, Case{"SELECT upper(what) FROM log", "r"},
        Case{"WITH q AS (SELECT email AS a FROM users) SELECT a FROM q", "m"},
        Case{"SELECT (SELECT email FROM users WHERE id = '7')", "m"},
        Case{"UPDATE users SET name = 'x' WHERE id = '1' RETURNING id, email", ".m"},
        Case{"UPDATE users SET email = email WHERE id = '1'", ""},
        Case{"INSERT INTO users VALUES ('1', 'n', 's', 'e')", ""},
        Case{"INSERT INTO admins (email) SELECT email FROM users", ""},
        Case{"SELECT id FROM users WHERE email = 'a@b.example'", "."},
        Case{"SELECT a.id FROM users a JOIN admins b ON a.email = b.email", "."},
        Case{"SELECT 1, 'a'", ".."}, Case{"SELECT order_id FROM items", "r"},
        Case{"SELECT relname FROM pg_class", "."}, Case{"SELECT x FROM missing", "r"},
        Case{"SELECT a FROM pg_temp.scratch", "."}, Case{"EXPLAIN SELECT email FROM users", ""},
        Case{"SHOW search_path", ""}, Case{"SELECT lo_get('1')", "t"},
        Case{"SELECT convert_from(lo_get(id), 'UTF8')::varchar, id FROM users", "t."},
        Case{"SELECT lo_get(id, '0', '4') FROM users", "r"},
        Case{"SELECT loread('1', '4'), data FROM pg_largeobject", "rr"},
        Case{"SELECT upper(lo_get(id)::text) FROM users", "r"},
        Case{"SELECT CASE WHEN id = '1' THEN lo_get(id) ELSE name END FROM users", "t"},
        Case{"SELECT CASE WHEN loid = '1' THEN data ELSE lo_get(loid) END FROM pg_largeobject",
             "r"},
        Case{"DECLARE c CURSOR FOR SELECT email, id FROM users", "m."},
        Case{"PREPARE p AS SELECT id, upper(email) FROM users", ".r"}));

class Objections : public testing::TestWithParam<std::string_view> {};

TEST_P(Objections, NameTheColumn) {
  const auto plan = SamplePlans::get().of(GetParam());
  ASSERT_TRUE(plan.objection) << GetParam();
  EXPECT_NE(plan.objection->message.find(plan.objection->column), std::string::npos);
  EXPECT_NE(plan.objection->hint, "");
}

INSTANTIATE_TEST_SUITE_P(
    Plans, Objections,
    testing::Values(
        "SELECT id FROM users WHERE email LIKE 'a%'", "SELECT id FROM users WHERE email < 'm'",
        "SELECT id FROM users WHERE lower(email) = 'a'", "SELECT id FROM users ORDER BY email",
        "SELECT count(nullif(left(email, 1), 'z')::int) FROM users",
        "SELECT 1 / (length(email) - count(email) OVER ()) FROM users",
        "SELECT count(*) FROM users GROUP BY email", "SELECT DISTINCT ssn FROM users",
        "SELECT 'a' UNION SELECT email FROM users", "SELECT id FROM log WHERE what ~ 'x'",
        "DELETE FROM users WHERE ssn > '5'", "CREATE TABLE copy AS SELECT email FROM users",
        "CREATE TEMP TABLE copy AS SELECT email FROM users",
        "INSERT INTO orders (total) SELECT ssn FROM users",
        "INSERT INTO users (email) SELECT ssn FROM users",
        "UPDATE users SET name = ssn WHERE id = '1'",
        "INSERT INTO pg_temp.scratch SELECT email FROM users", "COPY users TO '/tmp/x'",
        "DO $$ DECLARE q text; BEGIN EXECUTE q; END $$",
        "SELECT u.id FROM users u JOIN orders o ON u.email = o.user_id",
        "SELECT id FROM users WHERE email = ANY($1)",
        "SELECT id FROM users WHERE email IN (SELECT user_id FROM orders)",
        "UPDATE users SET email = upper(email) WHERE id = '1'",
        "CREATE INDEX i ON users ((left(email, 4)))",
        "ALTER TABLE users ADD CONSTRAINT c CHECK (email <> 'x')",
        "ALTER TABLE users ADD COLUMN l text GENERATED ALWAYS AS (upper(email)) STORED",
        "ALTER TABLE users ALTER COLUMN name TYPE int USING length(email)",
        "CREATE TRIGGER t BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION on_user()",
        "DO $$ DECLARE r text; BEGIN SELECT email INTO r FROM users; RAISE NOTICE '%', r; END $$",
        "CREATE RULE r AS ON UPDATE TO users DO ALSO DELETE FROM items",
        "COPY (SELECT email FROM users) TO PROGRAM 'cat'",
        "SELECT id FROM users WHERE convert_from(lo_get(id), 'UTF8') LIKE 'z%'",
        "SELECT convert_from(lo_get(id), 'UTF8') LIKE 'z%' FROM users",
        "SELECT id FROM users WHERE lo_get(id) = $1", "SELECT id FROM users ORDER BY lo_get(id)",
        "SELECT CASE WHEN loread('1', '1') = 'z' THEN 1 END",
        "SELECT u.id FROM users u JOIN orders o ON lo_get(u.id, '0', '1') = o.total",
        "SELECT count(*) FROM users GROUP BY lo_get(id)",
        "SELECT count(convert_from(lo_get(id), 'UTF8')) FROM users",
        "UPDATE users SET name = lo_get(id)", "CREATE TABLE copy AS SELECT lo_get(id) FROM users"));

TEST(StatementPlan, KnowsWhatHasToBeClassifiedFirst) {
  const auto plan = SamplePlans::get().of("SELECT i.sku FROM items i JOIN users u ON true");
  ASSERT_EQ(plan.unlabelled.size(), 1U);
  EXPECT_FALSE(plan.idle());
  EXPECT_TRUE(SamplePlans::get().of("SELECT id FROM orders").idle());
}

TEST(StatementPlan, TellsWhatMessagesMayHold) {
  EXPECT_TRUE(SamplePlans::get().of("SELECT email::int FROM users").hides);
  EXPECT_TRUE(SamplePlans::get().of("UPDATE users SET id = NULL WHERE id = '1'").hides);
  EXPECT_FALSE(SamplePlans::get().of("SELECT id FROM orders").hides);
  EXPECT_TRUE(SamplePlans::get().of("DO $$ BEGIN RAISE NOTICE 'x'; END $$").opaque);
}

TEST(StatementPlan, KnowsGuesses) {
  EXPECT_EQ(SamplePlans::get().of("SELECT id FROM users WHERE email = 'a'").guesses, 1U);
  EXPECT_EQ(SamplePlans::get().of("SELECT id FROM users WHERE email IN ('a', 'b')").guesses, 2U);
  EXPECT_EQ(SamplePlans::get().of("SELECT email FROM users WHERE id = 'a'").guesses, 0U);
}

/// "table.column class" for what takes a class along; a number stands for a column to be made.
std::vector<std::string> copies(std::string_view text) {
  std::vector<std::string> out;
  for (const auto& copy : SamplePlans::get().of(text).copies) {
    const std::string column = copy.column.empty() ? std::to_string(copy.number) : copy.column;
    out.push_back(copy.table + "." + column + " " + std::string(privacy::name(copy.cls)));
  }
  return out;
}

TEST(StatementPlan, TakesTheClassAlongToWhereItIsWritten) {
  using testing::ElementsAre;
  const auto email = ElementsAre("log.who email");
  EXPECT_THAT(copies("INSERT INTO log (who) SELECT email FROM users"), email);
  EXPECT_THAT(copies("INSERT INTO log (who, what) SELECT upper(email), id FROM users"), email);
  EXPECT_THAT(copies("UPDATE log SET who = u.email FROM users u WHERE u.id = who"), email);
  EXPECT_THAT(copies("WITH q AS (SELECT email AS a FROM users) INSERT INTO log (who) TABLE q"),
              email);
  EXPECT_THAT(copies("CREATE TABLE made AS SELECT id, email AS c9, ssn FROM users"),
              ElementsAre("made.2 email", "made.3 us_ssn"));
  EXPECT_THAT(copies("SELECT id, 'x' || email AS c9 INTO made FROM users"),
              ElementsAre("made.2 email"));
  EXPECT_THAT(copies("CREATE MATERIALIZED VIEW made AS SELECT email FROM users"),
              ElementsAre("made.1 email"));
  EXPECT_THAT(copies("CREATE TEMP TABLE made AS SELECT email FROM users"),
              ElementsAre("made.1 email"));
  // log.what is free text, which is searched.
  EXPECT_THAT(copies("INSERT INTO log (what) SELECT email FROM users"),
              ElementsAre("log.what email"));
  EXPECT_THAT(copies("INSERT INTO log (what) SELECT 'of ' || email FROM users"), ElementsAre());
  for (const char* text :
       {"CREATE TABLE made AS SELECT count(email), length(email) FROM users GROUP BY 2",
        "INSERT INTO admins (email) SELECT email FROM users",
        "UPDATE admins SET email = upper(email)",
        "INSERT INTO log (who) SELECT name FROM users WHERE email = 'x'",
        "INSERT INTO log (who) VALUES ('x')", "INSERT INTO scratch SELECT email FROM users"}) {
    EXPECT_THAT(copies(text), ElementsAre()) << text;
  }
}

}  // namespace
}  // namespace sluice::mask
