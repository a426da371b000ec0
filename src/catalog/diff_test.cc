#include "catalog/diff.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::catalog {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

Column column(int16_t number, std::string name, Oid type, std::string type_name) {
  Column out;
  out.number = number;
  out.name = std::move(name);
  out.type = type;
  out.type_name = std::move(type_name);
  return out;
}

Catalog::Contents shop() {
  Catalog::Contents contents;
  contents.schemas = {"pg_catalog", "public"};
  contents.definition_path = {"pg_catalog", "public"};

  Relation orders;
  orders.oid = 20001;
  orders.schema = "public";
  orders.name = "orders";
  orders.owner = "alice";
  orders.columns = {column(1, "id", 23, "integer"), column(2, "status", 25, "text")};
  orders.columns[0].not_null = true;
  Index index;
  index.oid = 20002;
  index.name = "orders_pkey";
  index.definition = "CREATE UNIQUE INDEX orders_pkey ON public.orders USING btree (id)";
  orders.indexes = {index};
  Constraint check;
  check.oid = 20003;
  check.name = "status_known";
  check.definition = "CHECK (status <> '')";
  check.validated = false;
  orders.constraints = {check};
  Trigger trigger;
  trigger.name = "audit";
  trigger.function = 20011;
  trigger.definition = "CREATE TRIGGER audit …";
  orders.triggers = {trigger};
  Rule rule;
  rule.name = "keep";
  rule.definition = "CREATE RULE keep …";
  orders.rules = {rule};

  Relation view;
  view.oid = 20005;
  view.schema = "public";
  view.name = "open_orders";
  view.kind = RelationKind::kView;
  view.view_definition = " SELECT orders.id FROM orders;";
  contents.relations = {orders, view};

  Function total;
  total.oid = 20011;
  total.schema = "public";
  total.name = "total";
  total.argument_types = {23};
  total.return_type = 23;
  total.language = "sql";
  total.source = "SELECT 1";
  contents.functions = {total};

  contents.types = {{23, "pg_catalog", "int4", 'b', 0, 0, 0, "", 0, {}, {}, {}, {}},
                    {20021, "public", "mood", 'e', 0, 0, 0, "'good'", 0, {}, {}, {}, {}},
                    {20022, "public", "_mood", 'b', 0, 20021, 0, "", 0, {}, {}, {}, {}}};
  contents.operators = {{20031, "public", "===", 23, 23, 20011, {}}};
  return contents;
}

/// What diff says, line by line, when `change` is done to the shop.
std::vector<std::string> after(const std::function<void(Catalog::Contents&)>& change) {
  Catalog::Contents changed = shop();
  change(changed);
  std::vector<std::string> lines;
  for (const Change& item : diff(Catalog(shop()), Catalog(std::move(changed)))) {
    lines.push_back(item.to_string());
  }
  return lines;
}

Relation& orders(Catalog::Contents& contents) { return contents.relations[0]; }

TEST(Diff, NothingChanged) {
  EXPECT_THAT(after([](auto&) {}), IsEmpty());
}

TEST(Diff, RowsAndSizesAreNoChange) {
  EXPECT_THAT(after([](auto& to) {
                orders(to).estimated_rows = 5000;
                orders(to).bytes = 1 << 20;
                to.fingerprint = "another";
              }),
              IsEmpty());
}

TEST(Diff, Columns) {
  EXPECT_THAT(after([](auto& to) { orders(to).columns[0].type_name = "bigint"; }),
              ElementsAre("column public.orders.id altered: type integer -> bigint"));
  EXPECT_THAT(after([](auto& to) { orders(to).columns[1].name = "state"; }),
              ElementsAre("column public.orders.state altered: renamed from status"));
  EXPECT_THAT(after([](auto& to) { orders(to).columns[0].not_null = false; }),
              ElementsAre("column public.orders.id altered: null allowed"));
  EXPECT_THAT(after([](auto& to) {
                orders(to).columns[1].has_default = true;
                orders(to).columns[1].default_text = "'new'::text";
              }),
              ElementsAre("column public.orders.status altered: none -> default 'new'::text"));
  EXPECT_THAT(after([](auto& to) {
                orders(to).columns.push_back(column(3, "paid", 16, "boolean"));
                orders(to).columns[2].not_null = true;
              }),
              ElementsAre("column public.orders.paid added: boolean not null"));
  EXPECT_THAT(after([](auto& to) { orders(to).columns.pop_back(); }),
              ElementsAre("column public.orders.status removed: text"));
  EXPECT_THAT(after([](auto& to) { orders(to).columns[1].number = 3; }),
              ElementsAre("column public.orders.status altered: recreated"));
  EXPECT_THAT(after([](auto& to) { orders(to).columns[1].comment = "where it is"; }),
              ElementsAre("column public.orders.status altered: comment none -> where it is"));
}

TEST(Diff, RelationsThemselves) {
  EXPECT_THAT(after([](auto& to) { orders(to).name = "sales"; }),
              ElementsAre("table public.sales altered: renamed from public.orders"));
  EXPECT_THAT(after([](auto& to) { to.relations.erase(to.relations.begin()); }),
              ElementsAre("table public.orders removed"));
  EXPECT_THAT(after([](auto& to) { orders(to).owner = "mallory"; }),
              ElementsAre("table public.orders altered: owner alice -> mallory"));
  EXPECT_THAT(after([](auto& to) { orders(to).row_security = true; }),
              ElementsAre("table public.orders altered: row security on"));
  EXPECT_THAT(after([](auto& to) { orders(to).persistence = 'u'; }),
              ElementsAre("table public.orders altered: unlogged"));
  EXPECT_THAT(after([](auto& to) { orders(to).parents = {20005}; }),
              ElementsAre("table public.orders altered: child of public.open_orders"));
  EXPECT_THAT(after([](auto& to) { to.relations[1].view_definition = " SELECT 2;"; }),
              ElementsAre("view public.open_orders altered: definition changed:  SELECT 2;"));
  EXPECT_THAT(after([](auto& to) {
                Relation added = orders(to);
                added.oid = 20100;
                added.name = "more";
                to.relations.push_back(added);
              }),
              ElementsAre("table public.more added: id integer not null, status text"));
}

TEST(Diff, ARelationMadeAnewIsRecreatedAndComparedByNames) {
  EXPECT_THAT(after([](auto& to) { orders(to).oid = 20100; }),
              ElementsAre("table public.orders altered: recreated"));
  EXPECT_THAT(after([](auto& to) {
                orders(to).oid = 20100;
                orders(to).indexes[0].oid = 20101;
                std::swap(orders(to).columns[0].number, orders(to).columns[1].number);
                orders(to).columns[1].type_name = "varchar";
              }),
              UnorderedElementsAre("table public.orders altered: recreated",
                                   "column public.orders.status altered: type text -> varchar"));
}

TEST(Diff, PartsOfTables) {
  EXPECT_THAT(after([](auto& to) { orders(to).indexes.clear(); }),
              ElementsAre("index public.orders.orders_pkey removed: CREATE UNIQUE INDEX "
                          "orders_pkey ON public.orders USING btree (id)"));
  EXPECT_THAT(after([](auto& to) { orders(to).indexes[0].valid = false; }),
              ElementsAre("index public.orders.orders_pkey altered: invalid"));
  EXPECT_THAT(after([](auto& to) { orders(to).indexes[0].oid = 20900; }),
              ElementsAre("index public.orders.orders_pkey altered: recreated"));
  EXPECT_THAT(after([](auto& to) {
                orders(to).indexes[0].name = "pk";
                orders(to).indexes[0].definition = "CREATE UNIQUE INDEX pk …";
              }),
              ElementsAre("index public.orders.pk altered: renamed from orders_pkey"));
  EXPECT_THAT(after([](auto& to) { orders(to).constraints[0].validated = true; }),
              ElementsAre("constraint public.orders.status_known altered: validated"));
  EXPECT_THAT(after([](auto& to) { orders(to).constraints[0].definition = "CHECK (true)"; }),
              ElementsAre("constraint public.orders.status_known altered: definition changed: "
                          "CHECK (true)"));
  EXPECT_THAT(after([](auto& to) { orders(to).triggers[0].enabled = 'D'; }),
              ElementsAre("trigger public.orders.audit altered: disabled"));
  EXPECT_THAT(after([](auto& to) { orders(to).triggers.clear(); }),
              ElementsAre("trigger public.orders.audit removed: CREATE TRIGGER audit …"));
  EXPECT_THAT(
      after([](auto& to) { orders(to).rules[0].definition = "CREATE RULE other"; }),
      ElementsAre("rule public.orders.keep altered: definition changed: CREATE RULE other"));
}

TEST(Diff, Functions) {
  EXPECT_THAT(after([](auto& to) { to.functions[0].source = "SELECT 2"; }),
              ElementsAre("function public.total(int4) altered: body changed"));
  EXPECT_THAT(after([](auto& to) { to.functions[0].security_definer = true; }),
              ElementsAre("function public.total(int4) altered: security definer"));
  EXPECT_THAT(after([](auto& to) { to.functions[0].name = "sum_of"; }),
              ElementsAre("function public.sum_of(int4) altered: renamed from public.total(int4)"));
  EXPECT_THAT(after([](auto& to) { to.functions[0].oid = 20900; }),
              ElementsAre("function public.total(int4) altered: recreated"));
  EXPECT_THAT(after([](auto& to) { to.functions[0].volatility = 'i'; }),
              ElementsAre("function public.total(int4) altered: volatile -> immutable"));
  EXPECT_THAT(after([](auto& to) {
                to.functions[0].oid = 20900;
                to.functions[0].argument_types = {20021};
              }),
              ElementsAre("function public.total(int4) removed",
                          "function public.total(public.mood) added: language sql"));
}

TEST(Diff, TypesOperatorsAndSchemas) {
  EXPECT_THAT(after([](auto& to) { to.types[1].definition = "'good', 'bad'"; }),
              ElementsAre("type public.mood altered: definition 'good' -> 'good', 'bad'"));
  EXPECT_THAT(after([](auto& to) { to.types.resize(1); }), ElementsAre("type public.mood removed"));
  EXPECT_THAT(after([](auto& to) { to.operators.clear(); }),
              ElementsAre("operator public.===(int4, int4) removed"));
  EXPECT_THAT(after([](auto& to) { to.schemas = {"pg_catalog", "public", "app", "pg_temp_3"}; }),
              ElementsAre("schema app added"));
}

TEST(Diff, LeavesTemporaryObjectsOut) {
  EXPECT_THAT(
      after([](auto& to) {
        Relation item = orders(to);
        item.oid = 20100;
        item.schema = "pg_temp_3";
        item.persistence = 't';
        to.relations.push_back(item);
        Function own = to.functions[0];
        own.oid = 20101;
        own.schema = "pg_temp_3";
        to.functions.push_back(own);
        to.types.push_back({20102, "pg_temp_3", "orders", 'e', 0, 0, 0, "", 0, {}, {}, {}, {}});
      }),
      IsEmpty());
}

TEST(Diff, DefinitionsRenderedForAnotherPathAreTheSame) {
  EXPECT_THAT(after([](auto& to) {
                to.definition_path = {"pg_catalog"};
                to.relations[1].view_definition = " SELECT orders.id FROM public.orders;";
              }),
              IsEmpty());
  EXPECT_THAT(after([](auto& to) {
                to.definition_path = {"pg_catalog"};
                to.relations[1].view_definition = " SELECT orders.id FROM notpublic.orders;";
              }),
              ElementsAre("view public.open_orders altered: definition changed:  SELECT orders.id "
                          "FROM notpublic.orders;"));
  EXPECT_THAT(after([](auto& to) {
                to.relations[1].view_definition = " SELECT orders.id FROM public.orders;";
              }),
              ElementsAre("view public.open_orders altered: definition changed:  SELECT orders.id "
                          "FROM public.orders;"));
}

TEST(Diff, WhatCouldNotBeReadIsNoChange) {
  EXPECT_THAT(after([](auto& to) {
                to.complete = false;
                to.relations[1].view_definition.clear();
                orders(to).rules[0].definition.clear();
                to.functions[0].language.clear();
                to.functions[0].source.clear();
              }),
              IsEmpty());
}

TEST(Diff, IsSortedBySchemaAndName) {
  EXPECT_THAT(after([](auto& to) {
                to.functions.clear();
                orders(to).columns.pop_back();
                to.relations.pop_back();
                to.schemas.push_back("zoo");
              }),
              ElementsAre("schema zoo added", "view public.open_orders removed",
                          "column public.orders.status removed: text",
                          "function public.total(int4) removed"));
}

}  // namespace
}  // namespace sluice::catalog
