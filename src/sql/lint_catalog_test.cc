#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/lint_dependents.h"
#include "sql/lint_fixture.h"
#include "sql/lint_types.h"

namespace sluice::sql {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A catalog: orders (3 columns) with an index, a foreign key, a view, functions, and a partitioned
// table.
catalog::Column column(int16_t number, std::string name, std::string type) {
  catalog::Column made;
  made.number = number;
  made.name = std::move(name);
  made.type_name = std::move(type);
  return made;
}

catalog::Relation relation(catalog::Oid oid, std::string name, catalog::RelationKind kind) {
  catalog::Relation made;
  made.oid = oid;
  made.schema = "public";
  made.name = std::move(name);
  made.kind = kind;
  return made;
}

Scope known() {
  using catalog::RelationKind;
  catalog::Catalog::Contents contents;
  auto orders = relation(20000, "orders", RelationKind::kTable);
  orders.columns = {column(1, "id", "integer"), column(2, "status", "character varying(10)"),
                    column(3, "paid", "timestamp without time zone")};
  orders.columns[0].not_null = true;
  orders.estimated_rows = 1e6;
  orders.bytes = 80'000'000;
  catalog::Index index;
  index.oid = 20010;
  index.name = "orders_status";
  index.columns = {2};
  orders.indexes.push_back(index);
  catalog::Constraint check;
  check.name = "paid_known";
  check.columns = {3};
  check.definition = "CHECK ((paid IS NOT NULL))";
  orders.constraints.push_back(check);
  auto items = relation(20001, "items", RelationKind::kTable);
  items.columns = {column(1, "order_id", "integer"), column(2, "amount", "tiny")};
  items.columns[1].type = 22001;
  items.estimated_rows = 5e6;
  catalog::Constraint key;
  key.name = "items_order_id_fkey";
  key.type = 'f';
  key.columns = {1};
  key.referenced = 20000;
  key.referenced_columns = {1};
  items.constraints.push_back(key);
  auto view = relation(20002, "open_orders", RelationKind::kView);
  view.view_definition = " SELECT orders.id\n   FROM orders\n  WHERE orders.status = 'open';";
  auto parts = relation(20003, "events", RelationKind::kPartitionedTable);
  parts.children = {20004, 20005};
  parts.columns = {column(1, "seen", "date")};
  parts.partition_columns = {1};
  parts.default_partition = 20005;
  auto part = relation(20004, "events_1", RelationKind::kTable);
  part.parents = {20003};
  auto rest = relation(20005, "events_rest", RelationKind::kTable);
  rest.parents = {20003};
  rest.columns = {column(1, "id", "integer"), column(2, "seen", "date")};
  rest.estimated_rows = 7e6;
  auto by_status = relation(20010, "orders_status", RelationKind::kIndex);
  contents.relations = {orders, items, view, parts, part, rest, by_status};
  catalog::Function function;
  function.oid = 21000;
  function.schema = "public";
  function.name = "close_order";
  function.language = "plpgsql";
  function.source = "BEGIN UPDATE orders SET Status = 'closed', year = fiscal_year(); END";
  catalog::Function stable = function;
  stable.oid = 21001;
  stable.name = "fiscal_year";
  stable.language = "sql";
  stable.source = "SELECT 2026";
  stable.volatility = 's';
  contents.functions = {function, stable};
  catalog::Type domain;
  domain.oid = 22000;
  domain.schema = "public";
  domain.name = "positive";
  domain.kind = 'd';
  domain.definition = "CHECK ((VALUE > 0))";
  catalog::Type tiny = domain;
  tiny.oid = 22001;
  tiny.name = "tiny";
  tiny.base = 22000;
  contents.types = {domain, tiny};
  contents.schemas = {"public"};
  Scope scope;
  scope.catalog = std::make_shared<catalog::Catalog>(std::move(contents));
  return scope;
}

TEST(LintWithCatalog, SizesAndDependentsAreTold) {
  const auto findings = lint("ALTER TABLE orders DROP COLUMN status", known());
  const auto* found = find(findings, "drop-column-with-dependents");
  ASSERT_NE(found, nullptr);
  EXPECT_THAT(found->dependents,
              ElementsAre("view public.open_orders", "index public.orders_status",
                          "function public.close_order"));
  EXPECT_TRUE(found->known_table);
  EXPECT_EQ(found->rows, 1e6);
  EXPECT_EQ(found->bytes, 80'000'000U);
  EXPECT_THAT(found->safer, HasSubstr("DROP VIEW public.open_orders;"));
  EXPECT_EQ(find(findings, "drop-column"), nullptr);
}

TEST(LintWithCatalog, TablesWithDependents) {
  const auto findings = lint("DROP TABLE orders CASCADE", known());
  const auto* found = find(findings, "drop-table-with-dependents");
  ASSERT_NE(found, nullptr);
  EXPECT_THAT(found->dependents, ElementsAre("view public.open_orders",
                                             "foreign key items_order_id_fkey of public.items",
                                             "function public.close_order"));
  EXPECT_THAT(found->safer, HasSubstr("ALTER TABLE public.items DROP CONSTRAINT "
                                      "items_order_id_fkey;"));
  EXPECT_NE(find(findings, "cascade"), nullptr);
  EXPECT_THAT(rules_in("DROP TABLE items", known()), Contains("drop-table"));
}

TEST(LintWithCatalog, DropsOfOtherObjectsListWhatNeedsThem) {
  const Scope scope = known();
  const auto dependents = [&](const std::string& script, std::string_view rule) {
    const auto findings = lint(script, scope);
    const auto* found = find(findings, rule);
    return found == nullptr ? std::vector<std::string>{"no finding"} : found->dependents;
  };
  EXPECT_THAT(dependents("DROP FUNCTION fiscal_year()", "drop-with-dependents"),
              ElementsAre("function public.close_order"));
  EXPECT_THAT(dependents("DROP FUNCTION public.fiscal_year CASCADE", "cascade"),
              ElementsAre("function public.close_order"));
  EXPECT_THAT(rules_in("DROP FUNCTION close_order()", scope),
              Not(Contains("drop-with-dependents")));
  EXPECT_THAT(rules_in("DROP FUNCTION fiscal_year(positive)", scope),
              Not(Contains("drop-with-dependents")));
  EXPECT_THAT(dependents("DROP DOMAIN positive", "drop-with-dependents"),
              ElementsAre("domain public.tiny", "column public.items.amount"));
  EXPECT_THAT(dependents("DROP TYPE tiny CASCADE", "cascade"),
              ElementsAre("column public.items.amount"));
  const auto schema = dependents("DROP SCHEMA public CASCADE", "drop-schema");
  EXPECT_THAT(schema, Contains("table public.orders"));
  EXPECT_THAT(schema, Contains("function public.close_order"));
  EXPECT_THAT(schema, Contains("foreign key items_order_id_fkey of public.items"));
  EXPECT_THAT(rules_in("DROP EXTENSION pgcrypto", scope), Contains("drop-extension"));
  EXPECT_THAT(dependents("ALTER TABLE orders SET SCHEMA app", "set-schema-breaks-clients"),
              Contains("function public.close_order"));
}

TEST(LintWithCatalog, AConstraintOfADomainReadsTheTablesThatUseIt) {
  const Scope scope = known();
  for (const std::string& script :
       {"ALTER DOMAIN positive ADD CHECK (VALUE < 9)", "ALTER DOMAIN public.positive SET NOT NULL",
        "ALTER DOMAIN positive VALIDATE CONSTRAINT c"}) {
    const auto findings = lint(script, scope);
    const auto* found = find(findings, "domain-constraint-scans-tables");
    ASSERT_NE(found, nullptr) << script;
    EXPECT_EQ(found->table, "public.items");
    EXPECT_EQ(found->rows, 5e6);
    EXPECT_EQ(found->lock, LockLevel::kShare);
    EXPECT_TRUE(found->scans);
  }
  for (const std::string& script :
       {"ALTER DOMAIN positive ADD CHECK (VALUE < 9) NOT VALID",
        "ALTER DOMAIN positive DROP NOT NULL", "ALTER DOMAIN positive SET DEFAULT 4",
        "ALTER DOMAIN elsewhere SET NOT NULL"}) {
    EXPECT_THAT(rules_in(script, scope), Not(Contains("domain-constraint-scans-tables"))) << script;
  }
  EXPECT_THAT(rules_in("ALTER DOMAIN positive SET NOT NULL"),
              Contains("domain-constraint-scans-tables"));
}

TEST(LintWithCatalog, TypeChangesAreExact) {
  const Scope scope = known();
  EXPECT_THAT(rules_in("ALTER TABLE orders ALTER status TYPE text", scope),
              Not(Contains("change-column-type-rewrites")));
  EXPECT_THAT(
      rules_in("ALTER TABLE orders ALTER status TYPE varchar(20) USING status::varchar(20)", scope),
      Not(Contains("change-column-type-rewrites")));
  EXPECT_THAT(rules_in("ALTER TABLE orders ALTER status TYPE text USING upper(status)", scope),
              Contains("change-column-type-rewrites"));
  const auto findings = lint("ALTER TABLE orders ALTER id TYPE bigint", scope);
  const auto* found = find(findings, "change-column-type-rewrites");
  ASSERT_NE(found, nullptr);
  EXPECT_TRUE(found->rewrites);
  EXPECT_THAT(found->message, HasSubstr("from integer to bigint"));
}

TEST(LintWithCatalog, WhatIsProvenIsNotScanned) {
  const Scope scope = known();
  EXPECT_THAT(rules_in("ALTER TABLE orders ALTER paid SET NOT NULL", scope),
              Not(Contains("set-not-null-scans")));
  EXPECT_THAT(rules_in("ALTER TABLE orders ALTER id SET NOT NULL", scope),
              Not(Contains("set-not-null-scans")));
  EXPECT_THAT(rules_in("ALTER TABLE orders ALTER status SET NOT NULL", scope),
              Contains("set-not-null-scans"));
}

TEST(LintWithCatalog, ForeignKeysLookForTheirIndex) {
  const Scope scope = known();
  EXPECT_THAT(rules_in("ALTER TABLE orders ADD FOREIGN KEY (status) REFERENCES s NOT VALID", scope),
              Not(Contains("foreign-key-without-index")));
  EXPECT_THAT(rules_in("ALTER TABLE orders ADD FOREIGN KEY (paid) REFERENCES s NOT VALID", scope),
              Contains("foreign-key-without-index"));
}

TEST(LintWithCatalog, PartitionedTablesHaveTheirOwnWays) {
  const Scope scope = known();
  EXPECT_THAT(rules_in("CREATE INDEX CONCURRENTLY ON events (a)", scope),
              ElementsAre("concurrently-on-partitioned-table"));
  EXPECT_THAT(safer("CREATE INDEX i ON events (a)", "create-index-not-concurrently", scope),
              HasSubstr("CREATE INDEX i ON ONLY events (a);"));
  EXPECT_THAT(rules_in("CREATE INDEX CONCURRENTLY ON orders (a)", scope), IsEmpty());
}

constexpr auto kAttach =
    "ALTER TABLE events ATTACH PARTITION items FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')";
constexpr auto kDefaultScan = "new-partition-scans-default";

TEST(LintWithCatalog, ANewPartitionReadsTheDefaultOne) {
  const Scope scope = known();
  const auto findings = lint(kAttach, scope);
  const auto* found = find(findings, kDefaultScan);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->table, "public.events_rest");
  EXPECT_EQ(found->rows, 7e6);
  EXPECT_EQ(found->lock, LockLevel::kAccessExclusive);
  EXPECT_TRUE(found->scans);
  EXPECT_EQ(found->safer,
            "ALTER TABLE public.events_rest ADD CONSTRAINT events_rest_without_items CHECK (NOT "
            "(seen IS NOT NULL AND seen >= '2027-01-01' AND seen < '2028-01-01')) NOT "
            "VALID;\n"
            "ALTER TABLE public.events_rest VALIDATE CONSTRAINT events_rest_without_items;\n" +
                std::string(kAttach) +
                ";\nALTER TABLE public.events_rest DROP CONSTRAINT events_rest_without_items;");
  EXPECT_THAT(rules_in("CREATE TABLE e PARTITION OF events FOR VALUES IN ('2027-01-01')", scope),
              Contains(kDefaultScan));
  EXPECT_THAT(rules_in("CREATE TABLE e PARTITION OF events DEFAULT", scope),
              Not(Contains(kDefaultScan)));
  EXPECT_THAT(rules_in("CREATE TABLE e PARTITION OF events FOR VALUES IN ('2027-01-01')"),
              Not(Contains(kDefaultScan)))
      << "without a catalog nobody knows";
}

/// Of the default partition, by name and columns, and whether the table has one of that name too.
std::vector<std::string> with_check(std::vector<int16_t> columns, bool inherited,
                                    bool validated = true) {
  Scope scope = known();
  catalog::Catalog::Contents contents;
  for (const catalog::Oid oid : {20001, 20003, 20005}) {
    auto copy = *scope.catalog->relation(oid);
    catalog::Constraint check;
    check.name = "no_2027";
    check.columns = columns;
    check.validated = validated;
    if (oid == 20005 || (oid == 20003 && inherited)) copy.constraints.push_back(check);
    contents.relations.push_back(copy);
  }
  contents.schemas = {"public"};
  scope.catalog = std::make_shared<catalog::Catalog>(std::move(contents));
  return rules_in(kAttach, scope);
}

TEST(LintWithCatalog, ACheckOfTheDefaultPartitionSparesItTheScan) {
  EXPECT_THAT(with_check({2}, false), Not(Contains(kDefaultScan)));
  EXPECT_THAT(with_check({2}, false, false), Contains(kDefaultScan)) << "not validated";
  EXPECT_THAT(with_check({1}, false), Contains(kDefaultScan)) << "about another column";
  EXPECT_THAT(with_check({2}, true), Contains(kDefaultScan)) << "every partition has it";
  EXPECT_THAT(rules_in("ALTER TABLE events_rest ADD CONSTRAINT c CHECK (seen < '2027-01-01') NOT "
                       "VALID; ALTER TABLE events_rest VALIDATE CONSTRAINT c; " +
                           std::string(kAttach),
                       known()),
              Not(Contains(kDefaultScan)));
}

TEST(LintWithCatalog, FunctionsAndDomainsAreLookedUp) {
  const Scope scope = known();
  EXPECT_THAT(rules_in("ALTER TABLE items ADD y int DEFAULT fiscal_year()", scope),
              Not(Contains("volatile-default-rewrites")));
  EXPECT_THAT(rules_in("ALTER TABLE items ADD y int DEFAULT close_order()", scope),
              Contains("volatile-default-rewrites"));
  EXPECT_THAT(rules_in("ALTER TABLE items ADD y positive", scope),
              Contains("add-constrained-domain-column-rewrites"));
  EXPECT_THAT(rules_in("ALTER TABLE items ADD y int", scope),
              Not(Contains("add-constrained-domain-column-rewrites")));
}

TEST(LintWithCatalog, AnIndexNamesItsTable) {
  const auto findings = lint("DROP INDEX orders_status", known());
  const auto* found = find(findings, "drop-index-not-concurrently");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->table, "public.orders");
}

struct TypeChange {
  const char* from;
  const char* to;
  bool keeps;
};
class Types : public ::testing::TestWithParam<TypeChange> {};
TEST_P(Types, KeepTheTableOrNot) {
  const TypeChange& c = GetParam();
  EXPECT_EQ(keeps_table(parse_type(c.from), parse_type(c.to)), c.keeps) << c.from << " " << c.to;
}
// tests/lint/test_lint_locks.py does the same changes on a real server.
INSTANTIATE_TEST_SUITE_P(
    Lint, Types,
    ::testing::Values(
        TypeChange{"character varying(10)", "character varying(20)", true},
        TypeChange{"character varying(10)", "text", true},
        TypeChange{"text", "character varying", true},
        TypeChange{"numeric(10,2)", "numeric(12,2)", true},
        TypeChange{"numeric(10,2)", "numeric", true},
        TypeChange{"timestamp(3) without time zone", "timestamp(5) without time zone", true},
        TypeChange{"timestamp(3) without time zone", "timestamp without time zone", true},
        TypeChange{"cidr", "inet", true}, TypeChange{"bit varying(4)", "bit varying(8)", true},
        TypeChange{"time(2) without time zone", "time(4) without time zone", true},
        TypeChange{"integer", "oid", true}, TypeChange{"integer", "bigint", false},
        TypeChange{"character varying(20)", "character varying(10)", false},
        TypeChange{"text", "character varying(10)", false},
        TypeChange{"numeric(10,2)", "numeric(12,4)", false},
        TypeChange{"numeric", "numeric(30,2)", false},
        TypeChange{"character(3)", "character(5)", false},
        TypeChange{"character(3)", "text", false},
        TypeChange{"timestamp without time zone", "date", false},
        TypeChange{"timestamp without time zone", "timestamp with time zone", false},
        TypeChange{"timestamp(5) without time zone", "timestamp(3) without time zone", false},
        TypeChange{"inet", "cidr", false}, TypeChange{"json", "jsonb", false},
        TypeChange{"bigint", "integer", false}, TypeChange{"bit(3)", "bit(3)[]", false},
        TypeChange{"integer[]", "bigint[]", false}, TypeChange{"integer[]", "integer[]", true}));

}  // namespace
}  // namespace sluice::sql
