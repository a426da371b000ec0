// Policies tried on cases and on statements that were recorded, and policies compared.
#include "policy/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/cases.h"
#include "policy/diff.h"
#include "sql/analyse.h"

namespace sluice::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Understood without_catalog(const Target&, std::string_view text) {
  return {sql::analyse(text, {}), nullptr};
}

std::shared_ptr<const Policy> policy_of(const std::string& text) {
  const auto policy = Policy::parse(text, "test.yaml");
  EXPECT_TRUE(policy) << policy.error().text;
  return *policy;
}

TEST(Cases, SayWhatPassesAndWhatDoesNot) {
  const auto cases = parse_cases(R"(cases:
  - name: unbounded deletes are refused
    user: nightly
    kind: agent
    database: orders
    environment: production
    sql: DELETE FROM orders
    expect: deny
    rule: no-unbounded-writes
  - name: bounded ones are small
    user: bob
    groups: [engineering]
    database: orders
    environment: production
    sql: DELETE FROM orders WHERE id = 1
    expect: allow
    limits: { rows_changed: 100 }
  - name: wrong on purpose
    user: bob
    attributes: { team: data }
    database: orders
    environment: staging
    sql: DELETE FROM orders WHERE id = 1
    application: psql
    purpose: ticket
    client: 10.0.0.1
    in_transaction: true
    estimated_rows: 5
    time: 2026-11-24T09:30:00+01:00
    expect: hold
    limits: { rows_changed: 5 }
    shadow: [try]
)",
                                 "cases.yaml");
  ASSERT_TRUE(cases) << cases.error().text;
  EXPECT_EQ((*cases)[2].now_micros, 1'795'509'000'000'000);
  const auto results = run_cases(Policy::profile("standard").value(), *cases, without_catalog, 1);
  ASSERT_EQ(results.size(), 3);
  EXPECT_THAT(results[0].failures, IsEmpty());
  EXPECT_THAT(results[1].failures, IsEmpty());
  EXPECT_THAT(results[2].failures,
              ElementsAre(HasSubstr("expected hold, got allow by rule \"free-outside-production\""),
                          HasSubstr("expected a limit of 5 rows_changed, got none"),
                          HasSubstr("expected shadow rule \"try\"")));
}

TEST(Cases, ProblemsHavePlaces) {
  const auto cases = parse_cases(
      "cases:\n  - name: x\n    user: u\n    sqll: SELECT 1\n    database: d\n    environment: e\n",
      "c.yaml");
  ASSERT_FALSE(cases);
  EXPECT_THAT(cases.error().text, HasSubstr("c.yaml:2:5: a case lacks \"sql\""));
  EXPECT_THAT(cases.error().text, HasSubstr("c.yaml:4:5: unknown key \"sqll\""));
  EXPECT_THAT(cases.error().text, HasSubstr("a case expects allow, hold or deny"));
}

RecordedStatement recorded(uint64_t id, const std::string& user, const std::string& text,
                           Effect effect, const std::string& rule) {
  RecordedStatement statement;
  statement.id = id;
  statement.principal.user = user;
  statement.target = {"orders", "production"};
  statement.text = text;
  statement.effect = effect;
  statement.rule = rule;
  return statement;
}

TEST(Replay, ListsWhoseWhatWouldChange) {
  const auto policy = policy_of(
      "rules:\n  - {name: reads, effect: allow, do: [read]}\n"
      "  - {name: alice-writes, effect: allow, who: {users: [alice]}, do: [write]}\n");
  std::vector<RecordedStatement> statements = {
      recorded(1, "bob", "DELETE FROM t WHERE a = 1", Effect::kAllow, "writes"),
      recorded(2, "bob", "DELETE FROM t WHERE a = 2", Effect::kAllow, "writes"),
      recorded(3, "bob", "DELETE FROM t WHERE a = 2", Effect::kAllow, "writes"),
      recorded(4, "bob", "SELECT * FROM t", Effect::kAllow, "everyone"),
      recorded(5, "alice", "DELETE FROM t", Effect::kDeny, "bounded"),
      recorded(6, "alice", "DELETE FROM t WHERE", Effect::kAllow, "writes"),
  };
  statements.back().cut = true;
  const ReplayReport report = replay(policy, statements, without_catalog);
  EXPECT_EQ(report.statements, 6);
  EXPECT_EQ(report.unchanged, 1);
  EXPECT_EQ(report.cut, 1);
  EXPECT_EQ(report.newly_refused, 3);
  EXPECT_EQ(report.newly_allowed, 1);
  ASSERT_EQ(report.changes.size(), 2);
  EXPECT_EQ(report.changes[0].user, "alice");
  EXPECT_EQ(report.changes[0].new_rule, "alice-writes");
  EXPECT_EQ(report.changes[1].user, "bob");
  EXPECT_EQ(report.changes[1].statements, 3);
  EXPECT_EQ(report.changes[1].texts, 2);
  EXPECT_EQ(report.changes[1].first_id, 1);
  EXPECT_EQ(report.changes[1].new_rule, "default-deny");
  EXPECT_THAT(report.changes[1].message, HasSubstr("deleting from \"t\" is not allowed"));
  EXPECT_EQ(replay(policy, statements, without_catalog, true).unchanged, 0);
}

TEST(Diff, ListsRulesAndTheirEffect) {
  const auto before = policy_of(
      "rules:\n  - {name: reads, effect: allow, do: [read]}\n"
      "  - {name: writes, effect: allow, do: [write]}\n"
      "  - {name: drops, effect: deny, do: [drop]}\n");
  const auto after = policy_of(
      "# a comment\nrules:\n  - {name: writes, effect: allow, do: [insert]}\n"
      "  - name: reads\n    effect: allow\n    do: [read]\n"
      "  - {name: copies, effect: allow, do: [copy_out]}\n");
  const PolicyDiff changes = diff(*before, *after);
  ASSERT_EQ(changes.rules.size(), 3);
  EXPECT_EQ(changes.rules[0].rule, "writes");
  EXPECT_EQ(changes.rules[0].what, RuleChange::What::kChanged);
  EXPECT_EQ(changes.rules[1].rule, "drops");
  EXPECT_EQ(changes.rules[1].what, RuleChange::What::kRemoved);
  EXPECT_EQ(changes.rules[2].rule, "copies");
  EXPECT_EQ(changes.rules[2].new_line, 7);
  EXPECT_TRUE(changes.reordered);
  EXPECT_TRUE(diff(*before, *before).same());
  const ReplayReport effect =
      effect_of(before, after,
                {recorded(1, "bob", "DELETE FROM t WHERE a = 1", Effect::kDeny, "x"),
                 recorded(2, "bob", "INSERT INTO t VALUES (1)", Effect::kDeny, "x")},
                without_catalog);
  EXPECT_EQ(effect.newly_refused, 1);
  EXPECT_EQ(effect.unchanged, 1);
  EXPECT_EQ(effect.changes[0].old_rule, "writes");
}

}  // namespace
}  // namespace sluice::policy
