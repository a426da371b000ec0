#pragma once

#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/policy.h"
#include "policy/rule.h"
#include "policy/test_facts.h"

namespace sluice::policy {
/// Other tests have other ways to make a policy.
inline namespace judge_fixture {

using sql::ActionKind;
using sql::FunctionRisk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr catalog::Oid kOrders = 20001, kSalaries = 20002, kView = 20003, kOrders2025 = 20004;

inline catalog::Relation relation(catalog::Oid oid, const std::string& schema,
                                  const std::string& name,
                                  const std::vector<std::string>& columns) {
  catalog::Relation out;
  out.oid = oid;
  out.schema = schema;
  out.name = name;
  for (const auto& column : columns) {
    catalog::Column& added = out.columns.emplace_back();
    added.number = static_cast<int16_t>(out.columns.size());
    added.name = column;
  }
  return out;
}

inline const catalog::Catalog& test_catalog() {
  static const catalog::Catalog catalog([] {
    catalog::Catalog::Contents contents;
    contents.relations = {relation(kOrders, "public", "orders", {"id", "price", "email"}),
                          relation(kSalaries, "hr", "salaries", {"id", "amount"}),
                          relation(kView, "public", "recent", {"id", "email"}),
                          relation(kOrders2025, "public", "orders_2025", {"id", "price", "email"})};
    contents.relations[0].estimated_rows = 5000;
    contents.relations[2].kind = catalog::RelationKind::kView;
    contents.relations[3].parents = {kOrders};
    contents.schemas = {"public", "hr"};
    return contents;
  }());
  return catalog;
}

inline std::shared_ptr<const Policy> policy_of(const std::string& rules) {
  const auto policy = Policy::parse("rules:\n" + rules, "test.yaml");
  EXPECT_TRUE(policy) << policy.error().text;
  return *policy;
}

inline Principal bob() {
  Principal principal;
  principal.user = "bob";
  principal.groups = {"engineering"};
  principal.attributes = {{"team", "data"}};
  principal.authentication = "scram-sha-256";
  return principal;
}

inline std::shared_ptr<const Decision> decide(const std::string& rules,
                                              const sql::StatementFacts& facts,
                                              const Circumstances& now = {},
                                              const Principal& principal = bob()) {
  return judge(policy_of(rules), facts, &test_catalog(), principal, {"shop", "staging"})
      ->decide(now);
}

inline FactsOf reading(const std::string& name, catalog::Oid oid) {
  return FactsOf().act(ActionKind::kRead, name, oid);
}
inline FactsOf reading_orders() { return reading("public.orders", kOrders); }
inline FactsOf deleting_orders() {
  return FactsOf("DELETE").act(ActionKind::kDelete, "public.orders", kOrders);
}

const std::string kAll = "- {name: all, effect: allow}\n";
const std::string kReadPublic =
    "- {name: reads, effect: allow, on: {tables: [public.*]}, do: [read]}\n";

}  // namespace judge_fixture
}  // namespace sluice::policy
