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

RecordedStatement recorded(uint64_t id, const std::string& user, const std::string& text, Fate fate,
                           const std::string& rule) {
  RecordedStatement statement;
  statement.id = id;
  statement.time_micros = static_cast<int64_t>(id) * 1'000'000;
  statement.principal.user = user;
  statement.principal.authenticated_micros = 1;
  statement.target = {"orders", "production"};
  statement.text = text;
  statement.fate = fate;
  statement.rule = rule;
  statement.ran = fate == Fate::kAllow || fate == Fate::kLimited;
  return statement;
}

TEST(Replay, ListsWhoseWhatWouldChange) {
  const auto policy = policy_of(
      "rules:\n  - {name: reads, effect: allow, do: [read]}\n"
      "  - {name: alice-writes, effect: allow, who: {users: [alice]}, do: [write]}\n");
  std::vector<RecordedStatement> statements = {
      recorded(1, "bob", "DELETE FROM t WHERE a = 1", Fate::kAllow, "writes"),
      recorded(2, "bob", "DELETE FROM t WHERE a = 2", Fate::kAllow, "writes"),
      recorded(3, "bob", "DELETE FROM t WHERE a = 2", Fate::kAllow, "writes"),
      recorded(4, "bob", "SELECT * FROM t", Fate::kAllow, "everyone"),
      recorded(5, "alice", "DELETE FROM t", Fate::kDeny, "bounded"),
      recorded(6, "alice", "DELETE FROM t WHERE", Fate::kAllow, "writes"),
  };
  statements.back().cut = true;
  const ReplayReport report = replay(policy, statements, without_catalog);
  EXPECT_EQ(report.statements, 6);
  EXPECT_EQ(report.unchanged, 1);
  EXPECT_EQ(report.count_not_judged(), 1);
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

/// One rule that allows everything within `limit`.
std::shared_ptr<const Policy> limited_to(const std::string& limit) {
  return policy_of("rules:\n  - {name: some, effect: allow, limit: {" + limit + "}}\n");
}

ReplayReport replayed(const std::string& limit, const RecordedStatement& statement) {
  return replay(limited_to(limit), {statement}, without_catalog);
}

TEST(Replay, JudgesWhatWasUsedByTheLimits) {
  auto update = recorded(1, "bob", "UPDATE t SET a = 1 WHERE b < 9", Fate::kAllow, "some");
  update.rows = 50;
  update.changed = {{{"public.t", 50}, {"public.log", 1}}};
  auto select = recorded(2, "bob", "SELECT * FROM t", Fate::kAllow, "some");
  select.rows = 1000;
  select.bytes = 9000;
  select.duration_micros = 2'500'000;
  const struct {
    RecordedStatement statement;
    std::string limit, name;
    uint64_t most, got;
  } passing[] = {{update, "rows_changed: 50", "rows_changed", 50, 51},
                 {update, "tables_changed: 1", "tables_changed", 1, 2},
                 {update, "duration: 1s, rows_changed: 5", "rows_changed", 5, 51},
                 {select, "rows: 999", "rows", 999, 1000},
                 {select, "bytes: 8999", "bytes", 8999, 9000},
                 {select, "duration: 2s", "duration_ms", 2000, 2500}};
  for (const auto& one : passing) {
    const auto report = replayed(one.limit, one.statement);
    ASSERT_EQ(report.changes.size(), 1) << one.limit;
    EXPECT_EQ(report.newly_limited, 1) << one.limit;
    const Change& change = report.changes[0];
    EXPECT_EQ(change.new_fate, Fate::kLimited);
    EXPECT_EQ(change.new_rule, "some");
    ASSERT_TRUE(change.passed);
    EXPECT_EQ(change.passed->limit, one.name);
    EXPECT_EQ(change.passed->most, one.most);
    EXPECT_EQ(change.passed->got, one.got);
  }
  for (const char* limit : {"rows_changed: 51", "tables_changed: 2", "rows: 1", "bytes: 1"})
    EXPECT_EQ(replayed(limit, update).unchanged, 1) << limit;
  for (const char* limit : {"rows_changed: 0", "rows: 1000", "bytes: 9000", "duration: 3s"})
    EXPECT_EQ(replayed(limit, select).unchanged, 1) << limit;
}

TEST(Replay, DoesNotGuessWhatAStatementChanged) {
  auto update = recorded(1, "bob", "UPDATE t SET a = 1 WHERE b < 9", Fate::kAllow, "some");
  update.rows = 50;
  EXPECT_EQ(replayed("rows_changed: 49", update).newly_limited, 1);
  const auto more = replayed("rows_changed: 50", update);
  ASSERT_EQ(more.count_not_judged(), 1);
  EXPECT_THAT(more.not_judged[0].why, HasSubstr("limit rows_changed"));
  update.rows = 0;
  EXPECT_EQ(replayed("rows_changed: 0", update).unchanged, 1);
  update.rows = 50;
  update.failed = true;
  EXPECT_EQ(replayed("rows_changed: 5", update).unchanged, 1);
}

TEST(Replay, KnowsWhatALimitEndedThen) {
  auto update = recorded(1, "bob", "UPDATE t SET a = 1 WHERE b < 9", Fate::kLimited, "some");
  update.passed = PassedLimit{"rows_changed", 5, 50};
  EXPECT_EQ(replayed("rows_changed: 5", update).unchanged, 1);
  EXPECT_EQ(replayed("rows_changed: 49", update).unchanged, 1);
  EXPECT_EQ(replayed("rows_changed: 50", update).newly_allowed, 1);
  update.failed = true;
  EXPECT_EQ(replayed("rows_changed: 49", update).unchanged, 1) << "undone, and still past it";
  auto select = recorded(2, "bob", "SELECT * FROM t", Fate::kLimited, "some");
  select.rows = 100;
  select.passed = PassedLimit{"rows", 100, 0};
  EXPECT_EQ(replayed("rows: 100", select).unchanged, 1);
  EXPECT_EQ(replayed("rows: 101", select).count_not_judged(), 1);
  EXPECT_EQ(replayed("duration: 9s", select).count_not_judged(), 1);
  EXPECT_EQ(replayed("rows_changed: 9", select).newly_allowed, 1);
}

TEST(Replay, CountsTheStatementsOfAMinute) {
  std::vector<RecordedStatement> statements;
  for (uint64_t id = 1; id <= 6; ++id)
    statements.push_back(recorded(id, "bob", "SELECT 1", Fate::kAllow, "some"));
  statements.push_back(recorded(7, "alice", "SELECT 1", Fate::kAllow, "some"));
  statements.push_back(recorded(300, "bob", "SELECT 1", Fate::kAllow, "some"));
  const auto report = replay(limited_to("statements_per_minute: 4"), statements, without_catalog);
  EXPECT_EQ(report.newly_limited, 2);
  EXPECT_EQ(report.unchanged, 6);
  ASSERT_EQ(report.changes.size(), 1);
  EXPECT_EQ(report.changes[0].passed->limit, "statements_per_minute");
  EXPECT_EQ(report.changes[0].first_id, 5);
  for (auto& statement : statements) statement.controls = statement.id < 3;
  EXPECT_EQ(replay(limited_to("statements_per_minute: 4"), statements, without_catalog).unchanged,
            8);
  for (auto& statement : statements) statement.controls = false;
  for (auto& statement : statements) statement.sent = Sent::kParsed;
  EXPECT_EQ(replay(limited_to("statements_per_minute: 1"), statements, without_catalog).unchanged,
            8);
}

TEST(Replay, LeavesAloneWhatTheGatewayRefusedAndWhatPeopleApproved) {
  auto masked =
      recorded(1, "bob", "SELECT * FROM t WHERE email LIKE 'a%'", Fate::kDeny, "masked-columns");
  masked.by_gateway = true;
  auto approved = recorded(2, "bob", "DROP TABLE t", Fate::kHold, "schema-changes");
  approved.ran = true;
  const auto policy = policy_of(
      "rules:\n  - {name: all, effect: allow}\n"
      "  - {name: schema-changes, effect: hold, do: [schema_change]}\n");
  const auto report = replay(policy, {masked, approved}, without_catalog);
  EXPECT_EQ(report.unchanged, 2);
  EXPECT_EQ(report.by_gateway, 1);
  EXPECT_THAT(report.changes, IsEmpty());
  EXPECT_EQ(replay(limited_to("rows: 1"), {approved}, without_catalog).newly_allowed, 1);
}

TEST(Replay, DoesNotJudgeByWhatIsNotOnRecord) {
  const auto policy = policy_of(
      "rules:\n  - {name: all, effect: allow}\n"
      "  - {name: too-many, effect: deny, do: [read], when: {estimated_rows: {more_than: 100}}}\n"
      "  - {name: too-old, effect: deny, do: [delete], when: {authentication: {older_than: 1h}}}\n"
      "  - {name: claims, effect: deny, do: [insert], when: {authentication: {claims: {a: "
      "[b]}}}}\n");
  const auto one = [&](const RecordedStatement& statement) {
    return replay(policy, {statement}, without_catalog);
  };
  auto select = recorded(1, "bob", "SELECT 1 FROM t", Fate::kAllow, "all");
  ASSERT_EQ(one(select).count_not_judged(), 1);
  EXPECT_THAT(one(select).not_judged[0].why, HasSubstr("estimated_rows"));
  select.estimated_rows = 100;
  EXPECT_EQ(one(select).unchanged, 1);
  select.estimated_rows = 101;
  EXPECT_EQ(one(select).newly_refused, 1);
  select.estimated_rows.reset();
  select.text = "SELECT a FROM t WHERE a = $1";
  select.sent = Sent::kExecuted;
  EXPECT_THAT(one(select).not_judged[0].why, HasSubstr("estimated_rows"));
  select.estimated_rows = 3;
  EXPECT_EQ(one(select).unchanged, 1);
  // The planner is not asked of these: the rule counts, then and now.
  select.estimated_rows.reset();
  select.text = "SELECT a FROM t; SELECT b FROM t";
  select.sent = Sent::kWhole;
  EXPECT_EQ(one(select).newly_refused, 1);
  auto remove = recorded(7200, "bob", "DELETE FROM t WHERE a = 1", Fate::kAllow, "all");
  EXPECT_EQ(one(remove).newly_refused, 1);
  remove.principal.authenticated_micros = 7'100'000'000;
  EXPECT_EQ(one(remove).unchanged, 1);
  remove.principal.authenticated_micros = 0;
  EXPECT_THAT(one(remove).not_judged[0].why, HasSubstr("authentication age"));
  auto insert = recorded(1, "bob", "INSERT INTO t VALUES (1)", Fate::kAllow, "all");
  EXPECT_EQ(one(insert).unchanged, 1);
  insert.claims_known = false;
  EXPECT_THAT(one(insert).not_judged[0].why, HasSubstr("authentication claims"));
}

TEST(Replay, DoubtCountsOnlyWhereItDecides) {
  const auto policy = policy_of(
      "rules:\n  - {name: all, effect: allow, do: [read]}\n"
      "  - {name: few, effect: allow, do: [read], limit: {rows: 5}, when: {estimated_rows: "
      "{at_most: 9}}}\n"
      "  - {name: never, effect: deny, on: {tables: [public.secrets]}}\n");
  auto select = recorded(1, "bob", "SELECT 1 FROM public.t", Fate::kAllow, "all");
  select.rows = 5;
  EXPECT_EQ(replay(policy, {select}, without_catalog).unchanged, 1);
  select.rows = 6;
  EXPECT_EQ(replay(policy, {select}, without_catalog).count_not_judged(), 1);
  const auto secret = recorded(2, "bob", "SELECT 1 FROM public.secrets", Fate::kAllow, "all");
  EXPECT_EQ(replay(policy, {secret}, without_catalog).newly_refused, 1);
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
      replay_both(before, after,
                  {recorded(1, "bob", "DELETE FROM t WHERE a = 1", Fate::kDeny, "x"),
                   recorded(2, "bob", "INSERT INTO t VALUES (1)", Fate::kDeny, "x")},
                  without_catalog);
  EXPECT_EQ(effect.newly_refused, 1);
  EXPECT_EQ(effect.unchanged, 1);
  EXPECT_EQ(effect.changes[0].old_rule, "writes");
}

TEST(Diff, ComparesByLimitsToo) {
  auto update = recorded(1, "bob", "UPDATE t SET a = 1 WHERE b < 9", Fate::kAllow, "some");
  update.changed = {{{"public.t", 50}}};
  const auto wide = limited_to("rows_changed: 100");
  const auto tight = limited_to("rows_changed: 5");
  EXPECT_EQ(replay_both(wide, tight, {update}, without_catalog).newly_limited, 1);
  EXPECT_EQ(replay_both(tight, wide, {update}, without_catalog).newly_allowed, 1);
  EXPECT_EQ(replay_both(tight, tight, {update}, without_catalog).unchanged, 1);
}

}  // namespace
}  // namespace sluice::policy
