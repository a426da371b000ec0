#include "catalog/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::catalog {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Relation relation(Oid oid, std::string schema, std::string name) {
  Relation out;
  out.oid = oid;
  out.schema = std::move(schema);
  out.name = std::move(name);
  return out;
}

Function function(Oid oid, std::string schema, std::string name) {
  Function out;
  out.oid = oid;
  out.schema = std::move(schema);
  out.name = std::move(name);
  return out;
}

Type type(Oid oid, std::string schema, std::string name) {
  Type out;
  out.oid = oid;
  out.schema = std::move(schema);
  out.name = std::move(name);
  return out;
}

/// `orders` stands in three places, one of them the session's own temporary schema.
Catalog::Contents shadowed() {
  Catalog::Contents contents;
  contents.schemas = {"pg_catalog", "public", "app", "pg_temp_4"};
  contents.relations = {relation(1259, "pg_catalog", "pg_class"),
                        relation(20001, "public", "orders"), relation(20002, "app", "orders"),
                        relation(20003, "pg_temp_4", "orders"),
                        relation(20004, "public", "pg_class")};
  contents.functions = {function(1299, "pg_catalog", "now"), function(20012, "app", "now"),
                        function(20011, "app", "now"), function(20013, "pg_temp_4", "now")};
  contents.types = {type(23, "pg_catalog", "int4"), type(20021, "app", "int4"),
                    type(20022, "pg_temp_4", "int4")};
  contents.operators = {{20031, "app", "=", 23, 23, 20011, {}},
                        {20032, "pg_temp_4", "=", 23, 23, 1, {}}};
  return contents;
}

Oid resolved(const Catalog& catalog, const std::vector<std::string>& path, std::string_view name) {
  const Relation* found = catalog.resolve(path, name);
  return found == nullptr ? 0 : found->oid;
}

template <typename T>
std::vector<Oid> oids(const std::vector<const T*>& items) {
  std::vector<Oid> out;
  for (const T* item : items) out.push_back(item->oid);
  return out;
}

TEST(Catalog, ResolvesByTheFirstSchemaOfThePathThatHasTheName) {
  const Catalog catalog(shadowed());
  EXPECT_EQ(resolved(catalog, {"pg_catalog", "public"}, "orders"), 20001U);
  EXPECT_EQ(resolved(catalog, {"pg_catalog", "app", "public"}, "orders"), 20002U);
  EXPECT_EQ(resolved(catalog, {"pg_temp_4", "pg_catalog", "app"}, "orders"), 20003U);
  EXPECT_EQ(resolved(catalog, {"pg_catalog", "public", "pg_temp_4"}, "orders"), 20001U);
  EXPECT_EQ(resolved(catalog, {"pg_catalog", "public"}, "pg_class"), 1259U);
  EXPECT_EQ(resolved(catalog, {"public", "pg_catalog"}, "pg_class"), 20004U);
  EXPECT_EQ(resolved(catalog, {"pg_catalog"}, "orders"), 0U);
  EXPECT_EQ(resolved(catalog, {}, "orders"), 0U);
  EXPECT_EQ(resolved(catalog, {"public"}, "Orders"), 0U);
}

TEST(Catalog, KnowsThePgTempAlias) {
  const Catalog catalog(shadowed());
  ASSERT_NE(catalog.relation("pg_temp", "orders"), nullptr);
  EXPECT_EQ(catalog.relation("pg_temp", "orders")->oid, 20003U);
  EXPECT_TRUE(catalog.has_schema("pg_temp"));
  EXPECT_EQ(resolved(catalog, {"public", "pg_temp"}, "orders"), 20001U);

  Catalog::Contents without = shadowed();
  without.schemas.pop_back();
  const Catalog other(std::move(without));
  EXPECT_FALSE(other.has_schema("pg_temp"));
  EXPECT_EQ(other.relation("pg_temp", "orders"), nullptr);
}

TEST(Catalog, SchemaAndNameDoNotRunIntoEachOther) {
  Catalog::Contents contents;
  contents.relations = {relation(1, "ab", "c"), relation(2, "a", "bc"), relation(3, "a.b", "c")};
  const Catalog catalog(std::move(contents));
  EXPECT_EQ(catalog.relation("ab", "c")->oid, 1U);
  EXPECT_EQ(catalog.relation("a", "bc")->oid, 2U);
  EXPECT_EQ(catalog.relation("a", "b.c"), nullptr);
  EXPECT_EQ(catalog.relation("a.b", "c")->oid, 3U);
}

TEST(Catalog, TakesNoFunctionsOrOperatorsFromThePathsTemporarySchema) {
  const Catalog catalog(shadowed());
  const std::vector<std::string> path = {"pg_temp_4", "app", "pg_catalog"};
  EXPECT_THAT(oids(catalog.functions(path, "", "now")), ElementsAre(20011U, 20012U, 1299U));
  EXPECT_THAT(oids(catalog.functions(path, "pg_temp", "now")), ElementsAre(20013U));
  EXPECT_THAT(oids(catalog.functions(path, "public", "now")), IsEmpty());
  EXPECT_THAT(oids(catalog.operators(path, "=")), ElementsAre(20031U));
  EXPECT_THAT(oids(catalog.operators({"public"}, "=")), IsEmpty());
}

TEST(Catalog, TypesFollowThePathAndTheTemporarySchemaToo) {
  const Catalog catalog(shadowed());
  EXPECT_EQ(catalog.type({"pg_catalog", "app"}, "", "int4")->oid, 23U);
  EXPECT_EQ(catalog.type({"app", "pg_catalog"}, "", "int4")->oid, 20021U);
  EXPECT_EQ(catalog.type({"pg_temp_4", "app"}, "", "int4")->oid, 20022U);
  EXPECT_EQ(catalog.type({"pg_catalog"}, "app", "int4")->oid, 20021U);
  EXPECT_EQ(catalog.type({"public"}, "", "int4"), nullptr);
  EXPECT_EQ(catalog.type(23)->name, "int4");
  EXPECT_EQ(catalog.type(24), nullptr);
}

TEST(Catalog, FindsForeignKeysOfOtherTables) {
  Catalog::Contents contents;
  contents.relations = {relation(20001, "public", "a"), relation(20002, "public", "b"),
                        relation(20003, "public", "c")};
  Constraint key;
  key.type = 'f';
  key.referenced = 20001;
  key.name = "to_a";
  contents.relations[0].constraints = {key};  // to itself
  contents.relations[1].constraints = {Constraint{}, key};
  contents.relations[2].constraints = {key, key};
  const Catalog catalog(std::move(contents));
  const auto found = catalog.referencing(20001);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].first->name, "b");
  EXPECT_EQ(found[0].second, &catalog.relation(20002)->constraints[1]);
  EXPECT_EQ(found[2].first->name, "c");
  EXPECT_TRUE(catalog.referencing(20002).empty());
}

TEST(Catalog, SaysWhetherWorkMayWaitForCommit) {
  Catalog::Contents contents;
  contents.relations = {relation(20001, "public", "a")};
  contents.relations[0].triggers.emplace_back();
  contents.relations[0].constraints.emplace_back();
  EXPECT_FALSE(Catalog(contents).has_deferrable());
  auto with_trigger = contents;
  with_trigger.relations[0].triggers[0].deferrable = true;
  EXPECT_TRUE(Catalog(with_trigger).has_deferrable());
  contents.relations[0].constraints[0].deferrable = true;
  EXPECT_TRUE(Catalog(contents).has_deferrable());
}

TEST(Catalog, EveryOneHasAnIdOfItsOwn) {
  const Catalog a(shadowed());
  const Catalog b(shadowed());
  EXPECT_NE(a.id(), b.id());
}

TEST(Relation, FindsColumnsByNameAndNumber) {
  Relation item;
  item.columns.resize(2);
  item.columns[0].number = 1;
  item.columns[0].name = "id";
  item.columns[1].number = 3;
  item.columns[1].name = "Status";
  EXPECT_EQ(item.column("Status"), &item.columns[1]);
  EXPECT_EQ(item.column("status"), nullptr);
  EXPECT_EQ(item.column(int16_t{3}), &item.columns[1]);
  EXPECT_EQ(item.column(int16_t{2}), nullptr);
}

}  // namespace
}  // namespace sluice::catalog
