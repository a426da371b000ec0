// What is decided about facts, rule by rule.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/judge_fixture.h"
#include "policy/policy.h"
#include "policy/rule.h"
#include "policy/test_facts.h"

namespace sluice::policy {
namespace {

TEST(Judge, Who) {
  const struct {
    const char* who;
    bool matches;
  } cases[] = {
      {"{users: [bob]}", true},
      {"{users: [alice]}", false},
      {"{users: [b*]}", true},
      {"{users: [\"!bob\"]}", false},
      {"{groups: [engineering]}", true},
      {"{groups: [sales, engineering]}", true},
      {"{groups: [sales]}", false},
      {"{kinds: [human]}", true},
      {"{kinds: [agent]}", false},
      {"{attributes: {team: data}}", true},
      {"{attributes: {team: [x, data]}}", true},
      {"{attributes: {team: ops}}", false},
      {"{attributes: {shift: late}}", false},
      {"{users: [bob], groups: [sales]}", false},
  };
  for (const auto& c : cases) {
    const std::string rules =
        std::string("- {name: r, effect: allow, do: [read], who: ") + c.who + "}\n";
    EXPECT_EQ(decide(rules, reading_orders())->allowed(), c.matches) << c.who;
  }
}

TEST(Judge, ConditionsOnTheStatement) {
  const struct {
    const char* when;
    bool matches;
  } cases[] = {
      {"{cartesian: true}", false},
      {"{cartesian: false}", true},
      {"{no_limit: true}", true},
      {"{table_rows: {more_than: 1000}}", true},
      {"{table_rows: {more_than: 10000}}", false},
      {"{table_rows: {at_most: 10000}}", true},
      {"{lock: share}", true},
      {"{lock: exclusive}", false},
      {"{functions: [sleep]}", false},
      {"{authentication: {method: scram-*}}", true},
      {"{authentication: {method: oidc}}", false},
      {"{dynamic_sql: true}", false},
  };
  for (const auto& c : cases) {
    const auto facts = reading_orders().lock(sql::LockLevel::kShareRowExclusive);
    for (const std::string effect : {"allow", "deny"}) {
      const std::string rules = (effect == "deny" ? kAll : "") + "- {name: r, effect: " + effect +
                                ", do: [read], when: " + c.when + "}\n";
      EXPECT_EQ(decide(rules, facts)->allowed(), c.matches == (effect == "allow"))
          << effect << " " << c.when;
    }
  }
}

TEST(Judge, AnApplicationThatChangesIsTakenAtItsWorst) {
  const std::string when = ", do: [read], when: {application: [psql]}}\n";
  const std::string allow = "- {name: r, effect: allow" + when;
  const std::string deny = kAll + "- {name: r, effect: deny" + when;
  const auto judged = [&](const std::string& rules, std::string_view before,
                          std::vector<std::string_view> later, bool any = false,
                          bool renamed = false) {
    Circumstances now;
    now.application = before;
    now.later_applications = std::move(later);
    now.any_application = any;
    now.renamed = renamed;
    return decide(rules, reading_orders(), now)->allowed();
  };
  EXPECT_FALSE(judged(allow, "psql", {"other"}));
  EXPECT_FALSE(judged(allow, "other", {"psql"}));
  EXPECT_TRUE(judged(allow, "other", {"psql"}, false, true)) << "nothing runs under the old name";
  EXPECT_FALSE(judged(allow, "other", {"psql", "third"}, false, true));
  EXPECT_FALSE(judged(allow, "psql", {}, true));
  EXPECT_FALSE(judged(deny, "psql", {"other"}));
  EXPECT_FALSE(judged(deny, "other", {"psql"}));
  EXPECT_FALSE(judged(deny, "other", {}, true));
  EXPECT_TRUE(judged(deny, "other", {"third"}));
}

TEST(Judge, ConditionsOnCircumstances) {
  Circumstances now;
  now.now_micros = 1'000'000'000 + 3'600'000'000;
  now.authenticated_micros = 1'000'000'000;
  now.client_address = "10.1.2.3";
  now.application = "psql";
  now.purpose = "ticket-7";
  now.estimated_rows = 500;
  Circumstances nothing;
  const struct {
    const char* when;
    bool matches;
    bool unknown;  ///< without circumstances it cannot be told
  } cases[] = {
      {"{client: [10.0.0.0/8]}", true, true},
      {"{client: [\"2001:db8::/32\"]}", false, true},
      {"{application: [psql]}", true, false},
      {"{application: [\"!psql\"]}", false, false},
      {"{purpose: [ticket-*]}", true, false},
      {"{in_transaction: true}", false, false},
      {"{estimated_rows: {more_than: 100}}", true, true},
      {"{estimated_rows: {at_most: 100}}", false, true},
      {"{authentication: {max_age: 2h}}", true, true},
      {"{authentication: {max_age: 30m}}", false, true},
      {"{authentication: {older_than: 30m}}", true, true},
      {"{time: {zone: UTC, from: \"01:00\", to: \"02:00\"}}", true, false},
      {"{time: {zone: UTC, days: [fri], from: \"01:00\", to: \"02:00\"}}", false, false},
  };
  for (const auto& c : cases) {
    const std::string when = std::string(", do: [read], when: ") + c.when + "}\n";
    const std::string allow = "- {name: r, effect: allow" + when;
    const std::string deny = kAll + "- {name: r, effect: deny" + when;
    EXPECT_EQ(decide(allow, reading_orders(), now)->allowed(), c.matches) << c.when;
    EXPECT_EQ(decide(deny, reading_orders(), now)->allowed(), !c.matches) << c.when;
    if (!c.unknown) continue;
    EXPECT_FALSE(decide(allow, reading_orders(), nothing)->allowed()) << c.when;
    EXPECT_FALSE(decide(deny, reading_orders(), nothing)->allowed()) << c.when;
  }
}

TEST(Judge, SameCircumstancesSameObject) {
  const auto policy = policy_of("- {name: r, effect: allow, when: {in_transaction: true}}\n");
  const auto judgement = judge(policy, reading_orders(), &test_catalog(), bob(), {"shop", "x"});
  Circumstances inside;
  inside.in_transaction = true;
  EXPECT_EQ(judgement->decide(inside), judgement->decide(inside));
  EXPECT_TRUE(judgement->decide(inside)->allowed());
  EXPECT_FALSE(judgement->decide({})->allowed());
  EXPECT_FALSE(judgement->needs_estimate());
  const auto fixed = judge(policy_of(kAll), reading_orders(), nullptr, bob(), {"shop", "x"});
  EXPECT_EQ(fixed->decide(inside), fixed->decide({}));
  const auto asks = judge(
      policy_of(kAll +
                "- {name: e, effect: deny, when: {estimated_rows: {more_than: 5}}, do: [read]}\n"),
      reading_orders(), nullptr, bob(), {"shop", "x"});
  EXPECT_TRUE(asks->needs_estimate());
}

TEST(Judge, TheTightestLimitOfAllMatchingRules) {
  const auto decision = decide(
      "- {name: a, effect: allow, do: [read], limit: {rows: 100, bytes: 1MB, "
      "statements_per_minute: 5}}\n"
      "- {name: b, effect: allow, who: {groups: [engineering]}, do: [read, delete], limit: {rows: "
      "50, duration: 3s, rows_changed: 7}}\n"
      "- {name: c, effect: allow, who: {groups: [sales]}, do: [read], limit: {rows: 1}}\n",
      reading_orders());
  ASSERT_TRUE(decision->allowed());
  EXPECT_EQ(decision->limits.rows->most, 50);
  EXPECT_EQ(decision->limits.rows->rule, "b");
  EXPECT_EQ(decision->limits.bytes->most, 1'000'000);
  EXPECT_EQ(decision->limits.bytes->rule, "a");
  EXPECT_EQ(decision->limits.duration->most, std::chrono::seconds(3));
  EXPECT_EQ(decision->limits.statements_per_minute->most, 5);
  EXPECT_EQ(decision->limits.rows_changed->most, 7);
  EXPECT_FALSE(decision->limits.tables_changed);
}

}  // namespace
}  // namespace sluice::policy
