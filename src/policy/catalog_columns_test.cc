// Which columns of the system catalog give away rows or passwords.
#include "policy/catalog_columns.h"

#include <gtest/gtest.h>

#include "policy/policy.h"
#include "policy/test_facts.h"

namespace sluice::policy {
namespace {

constexpr catalog::Oid kStats = 12000, kRoles = 12001;

std::shared_ptr<const catalog::Catalog> system_catalog() {
  catalog::Catalog::Contents contents;
  for (const auto& [oid, name, telling] :
       {std::tuple(kStats, "pg_stats", "most_common_vals"), {kRoles, "pg_authid", "rolpassword"}}) {
    catalog::Relation relation;
    relation.oid = oid;
    relation.schema = "pg_catalog";
    relation.name = name;
    relation.columns = {{.number = 1, .name = "n_distinct", .type = 700, .type_name = "real"},
                        {.number = 2, .name = telling, .type = 25, .type_name = "text"}};
    contents.relations.push_back(relation);
  }
  return std::make_shared<const catalog::Catalog>(std::move(contents));
}

FactsOf reading(catalog::Oid oid, const char* name, std::initializer_list<int16_t> columns) {
  FactsOf facts;
  facts.act(sql::ActionKind::kRead, std::string("pg_catalog.") + name, oid);
  for (const int16_t column : columns) facts.uses(oid, column, sql::kUsedInOutput);
  return facts;
}

TEST(CatalogColumns, AreReadAloneWhereEachIsToldAndNoneTellsOfRows) {
  const auto catalog = system_catalog();
  const auto plain = [&](FactsOf facts) {
    const sql::StatementFacts& read = facts;
    return reads_plain_columns_only(read.actions.at(0).targets.at(0), read, *catalog);
  };
  EXPECT_TRUE(plain(reading(kStats, "pg_stats", {1})));
  EXPECT_FALSE(plain(reading(kStats, "pg_stats", {1, 2})));
  EXPECT_FALSE(plain(reading(kStats, "pg_stats", {0}))) << "the whole row";
  EXPECT_FALSE(plain(reading(kStats, "pg_stats", {}))) << "nothing is told";
  EXPECT_FALSE(plain(reading(kStats, "pg_stats", {1}).reached())) << "behind a function or view";
  EXPECT_FALSE(plain(reading(kRoles, "pg_authid", {1}))) << "secret as a whole";
}

TEST(CatalogColumns, OfStatisticsThatShowNoValuesNeedNoRule) {
  const auto catalog = system_catalog();
  const auto policy = Policy::profile("standard").value();
  const auto allowed = [&](FactsOf facts) {
    Principal principal;
    principal.user = "bob";
    return judge(policy, facts, catalog.get(), principal, {"orders", "production"})
        ->decide({})
        ->allowed();
  };
  EXPECT_TRUE(allowed(reading(kStats, "pg_stats", {1})));
  EXPECT_FALSE(allowed(reading(kStats, "pg_stats", {2})));
  EXPECT_FALSE(allowed(reading(kStats, "pg_stats", {})));
}

}  // namespace
}  // namespace sluice::policy
