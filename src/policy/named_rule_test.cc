// Which of several rules that allow a statement is named.
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

}  // namespace
}  // namespace sluice::policy
