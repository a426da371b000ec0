#include "policy/judge_fixture.h"

namespace sluice::policy {
namespace {

FactsOf reading_nothing() { return FactsOf().act(ActionKind::kRead); }
FactsOf reading_catalog() {
  return reading_nothing().act(ActionKind::kReadCatalog, "pg_catalog.pg_class", 1259);
}
FactsOf showing() { return FactsOf("SHOW").act(ActionKind::kOther, "work_mem"); }
FactsOf reading_temporary() {
  return FactsOf().act(ActionKind::kRead, "pg_temp.t", 20100).temporary();
}

const std::string kPublic =
    "- {name: reads, effect: allow, on: {tables: [public.*]}, do: [read], "
    "limit: {rows: 100, bytes: 1MiB, duration: 30s, statements_per_minute: 9}}\n";
const std::string kPay =
    "- {name: pay, effect: allow, on: {tables: [hr.*]}, do: [read], limit: {rows: 10, duration: "
    "1m}}\n";
const std::string kTemporary = "- {name: own, effect: allow, do: [temporary]}\n";

/// "rows 100 by reads, …" as in force.
std::string limits(const std::string& rules, const sql::StatementFacts& facts,
                   const Circumstances& now = {}) {
  const auto decision = decide(rules, facts, now);
  if (!decision->allowed()) return decision->message;
  std::string out;
  const auto add = [&](std::string_view kind, const auto& bound) {
    if (bound) out += std::string(out.empty() ? "" : ", ") + std::string(kind) + " " + bound->rule;
  };
  add("rows", decision->limits.rows);
  add("bytes", decision->limits.bytes);
  add("duration", decision->limits.duration);
  add("rate", decision->limits.statements_per_minute);
  return out;
}

TEST(Beside, WhatReadsNoTableIsBoundedAsWhatMayBeRead) {
  EXPECT_EQ(limits(kPublic, reading_orders()),
            "rows reads, bytes reads, duration reads, rate reads");
  EXPECT_EQ(limits(kPublic, reading_nothing()), "rows reads, bytes reads, duration reads");
  EXPECT_EQ(limits(kPublic + kTemporary, reading_temporary()),
            "rows reads, bytes reads, duration reads");
  EXPECT_EQ(limits(kPublic, showing()), "bytes reads, duration reads");
  EXPECT_EQ(limits(kPublic, reading_catalog()), "bytes reads, duration reads")
      << "tools read it whole";
  EXPECT_EQ(decide(kPublic, reading_nothing())->rule, "harmless");
  EXPECT_THAT(decide(kPublic, reading_nothing())->matched, IsEmpty());
}

TEST(Beside, TheWidestRuleBounds) {
  EXPECT_EQ(limits(kPublic + kPay, reading_nothing()), "rows reads, duration pay");
  EXPECT_EQ(
      limits(kPay + "- {name: free, effect: allow, on: {schemas: [app]}}\n", reading_nothing()), "")
      << "there is a table of which all may be read";
  EXPECT_EQ(limits("- {name: all, effect: allow, do: [read], limit: {rows: 5}}\n" + kPublic,
                   reading_nothing()),
            "rows all")
      << "a rule without names matches as ever";
}

TEST(Beside, OfRulesThatApply) {
  const auto one = [](const std::string& more) {
    return "- {name: x, effect: allow, on: {tables: [public.*]}, limit: {rows: 10}, " + more +
           "}\n";
  };
  EXPECT_EQ(limits(one("do: [read]"), reading_nothing()), "rows x");
  EXPECT_EQ(limits(one("do: [insert]"), reading_nothing()), "") << "not about reading";
  EXPECT_EQ(limits(one("who: {groups: [sales]}"), reading_nothing()), "");
  EXPECT_EQ(limits(one("mode: shadow"), reading_nothing()), "");
  EXPECT_EQ(limits(one("when: {in_transaction: true}"), reading_nothing()), "");
  Circumstances now;
  now.in_transaction = true;
  EXPECT_EQ(limits(one("when: {in_transaction: true}"), reading_nothing(), now), "rows x");
  EXPECT_EQ(limits("- {name: f, effect: allow, do: [function, read], on: {functions: [sleep]}, "
                   "limit: {rows: 1}}\n",
                   reading_nothing()),
            "")
      << "about functions alone";
}

TEST(Beside, NothingIsPlannedForIt) {
  const auto judgement =
      judge(policy_of("- {name: few, effect: allow, on: {tables: [public.*]}, do: [read], when: "
                      "{estimated_rows: {at_most: 9}}, limit: {rows: 9}}\n"),
            reading_nothing(), &test_catalog(), bob(), {"shop", "staging"});
  EXPECT_FALSE(judgement->needs_estimate());
}

TEST(Beside, WhatReadsATableHasItsOwnRules) {
  EXPECT_EQ(limits(kPublic + kPay, reading("hr.salaries", kSalaries).act(ActionKind::kRead)),
            "rows pay, duration pay");
  EXPECT_EQ(limits(kPublic + "- {name: w, effect: allow, do: [insert]}\n",
                   FactsOf("INSERT").act(ActionKind::kInsert, "public.orders", kOrders)),
            "");
}

TEST(Beside, ExplainedAsNoMatch) {
  const auto explained = explain(*policy_of(kPublic), reading_nothing(), &test_catalog(), bob(),
                                 {"shop", "staging"}, {});
  EXPECT_FALSE(explained.rules[0].matched);
  EXPECT_THAT(explained.rules[0].reasons, ::testing::Contains(HasSubstr("limit: it may bound")));
  EXPECT_EQ(explained.decision->limits.rows->rule, "reads");
}

}  // namespace
}  // namespace sluice::policy
