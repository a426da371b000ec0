// Which of several rules that allow a statement is named, and which functions rules name.
#include <gtest/gtest.h>

#include "policy/policy.h"
#include "sql/analyse.h"

namespace sluice::policy {
namespace {

std::shared_ptr<const Decision> decided(const std::string& rules, const std::string& text,
                                        const Circumstances& now) {
  const auto policy = Policy::parse("rules:\n" + rules, "test.yaml");
  EXPECT_TRUE(policy) << policy.error().text;
  Principal bob;
  bob.user = "bob";
  bob.authenticated_micros = 1;
  return judge(*policy, *sql::analyse(text, {}), nullptr, bob, {"orders", "production"})
      ->decide(now);
}

TEST(Verdict, NamesTheRuleThatAllowsTheStrongestAction) {
  const std::string rules =
      "- {name: everyone-reads, effect: allow, do: [read]}\n"
      "- {name: people-write, effect: allow, do: [write]}\n"
      "- {name: owners, effect: allow, do: [schema_change]}\n";
  EXPECT_EQ(decided(rules, "UPDATE t SET a = b WHERE c = 1", {})->rule, "people-write");
  EXPECT_EQ(decided(rules, "SELECT a FROM t", {})->rule, "everyone-reads");
  EXPECT_EQ(decided(rules, "CREATE TABLE u AS SELECT a FROM t", {})->rule, "owners");
}

TEST(Functions, OfTheSystemWithoutRiskAreDeniedByTheirNames) {
  const auto allowed = [](const std::string& functions, const std::string& text) {
    return decided(
               "- {name: reads, effect: allow, do: [read]}\n"
               "- {name: none, effect: deny, " +
                   functions + "}\n",
               text, {})
        ->allowed();
  };
  for (const char* rule : {"on: {functions: [pg_catalog.md5]}", "on: {functions: [pg_catalog.m*]}",
                           "do: [read], when: {functions: [pg_catalog.md5]}"}) {
    EXPECT_FALSE(allowed(rule, "SELECT pg_catalog.md5(a) FROM t")) << rule;
    EXPECT_FALSE(allowed(rule, "SELECT a FROM t WHERE id = 1 AND md5(b) = 'x'")) << rule;
    EXPECT_FALSE(allowed(rule, "SELECT U&\"md\\0035\"(a) FROM t")) << rule;
    EXPECT_TRUE(allowed(rule, "SELECT lower(a), 'md5(x)' FROM t")) << rule;
  }
  // By these only functions with a risk, and users' own, are meant.
  for (const char* rule : {"on: {functions: [\"*\"]}", "on: {functions: [\"pg_catalog.*\"]}",
                           "do: [function]", "on: {functions: [sleep]}"})
    EXPECT_TRUE(allowed(rule, "SELECT pg_catalog.md5(a), count(*) FROM t GROUP BY a")) << rule;
}

}  // namespace
}  // namespace sluice::policy
