// Reading policies and what is found wrong with them.
#include "policy/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "policy/profiles.h"
#include "policy/rule.h"

namespace sluice::policy {
namespace {

using ::testing::HasSubstr;

std::string problems(const std::string& text) {
  const auto policy = Policy::parse(text, "p.yaml");
  return policy ? "" : policy.error().text;
}

TEST(Policy, ReadsEveryKey) {
  const auto policy = Policy::parse(R"(rules:
  - name: everything
    effect: allow
    mode: shadow
    who: { users: [a], groups: [b], kinds: [human, service], attributes: { team: [x, y] } }
    on:
      databases: [shop]
      environments: ["!production"]
      schemas: [public]
      tables: ["public.*"]
      columns: [public.orders.price]
      functions: [sleep, "public.f*"]
    do: [read, write, call, function]
    when:
      without_where: false
      cascade: false
      lock: share
      table_rows: { at_most: 1e6 }
      dynamic_sql: false
      cartesian: false
      no_limit: false
      functions: [sleep]
      authentication: { method: [scram-sha-256], max_age: 8h, older_than: 1s }
      estimated_rows: { more_than: 1, at_most: 1000 }
      time: { zone: Europe/Berlin, days: [mon-fri], from: "22:00", to: "06:00" }
      client: [10.0.0.0/8, "2001:db8::/32"]
      application: [psql]
      purpose: [support]
      in_transaction: true
    limit: { rows: 1, bytes: 2kB, duration: 3s, statements_per_minute: 4, rows_changed: 5, tables_changed: 6 }
)",
                                    "p.yaml");
  ASSERT_TRUE(policy) << policy.error().text;
  ASSERT_EQ((*policy)->rules().size(), 1);
  const Rule& rule = (*policy)->rules()[0];
  EXPECT_TRUE(rule.shadow);
  EXPECT_EQ(rule.line, 2);
  EXPECT_EQ(rule.limit.bytes, 2000);
  EXPECT_EQ(rule.when.time->from, 22 * 60);
  EXPECT_EQ(rule.when.client.size(), 2);
  EXPECT_EQ((*policy)->version().size(), 16);
  EXPECT_EQ((*policy)->name(), "p.yaml");
}

struct Wrong {
  const char* text;
  const char* problem;
};
class WrongPolicy : public ::testing::TestWithParam<Wrong> {};
TEST_P(WrongPolicy, IsReportedWithItsPlace) {
  EXPECT_THAT(problems(GetParam().text), HasSubstr(GetParam().problem)) << GetParam().text;
}
INSTANTIATE_TEST_SUITE_P(
    Reading, WrongPolicy,
    ::testing::Values(
        Wrong{"", "p.yaml:1:1: the file is empty"},
        Wrong{"rules:\n  - {name: a, effect: allow, do: !!binary cmVhZA==}",
              "tag \"!!binary\" means nothing here: put it in quotes"},
        Wrong{"rules: !foo\n  - {name: a, effect: allow}", "tag \"!foo\" means nothing here"},
        Wrong{"[]", "p.yaml:1:1: expected a mapping"},
        Wrong{"rules: []", "p.yaml:1:8: rules: expected a list"},
        Wrong{"rules:\n  - x", "p.yaml:2:5: expected a mapping"},
        Wrong{"rules: [{name: a, effect: allow}]\n---\nrules: []\n", "expected one document"},
        Wrong{"rules: [", "p.yaml:1:1: end of sequence"},
        Wrong{"rule: []\nrules: [{name: a, effect: allow}]",
              "p.yaml:1:1: unknown key \"rule\" in the policy; did you mean \"rules\"?"},
        Wrong{
            "rules:\n  - {name: a, effect: allow}\nfoo: 1",
            "unknown key \"foo\" in the policy; known here: rules, roles, budgets, access_review"},
        Wrong{"rules:\n  - name: \xFF", "p.yaml:2:1: is not UTF-8 text"},
        Wrong{"rules:\n  - {name: a, effect: deny, do: [read], on: {tables: ['!public.t']}}",
              "p.yaml:2:55: tables: \"!public.t\": \"!\" does not exclude here"},
        Wrong{"rules:\n  - effect: allow", "p.yaml:2:5: a rule lacks \"name\""},
        Wrong{"rules:\n  - name: a", "p.yaml:2:5: a rule lacks \"effect\""},
        Wrong{"rules:\n  - {name: A b, effect: allow}", "p.yaml:2:12: name: \"A b\" is no name"},
        Wrong{"rules:\n  - {name: harmless, effect: allow}", "is kept for verdicts"},
        Wrong{"rules:\n  - {name: a, effect: permit}", "expected one of allow, hold, deny"},
        Wrong{"rules:\n  - {name: a, effect: allow, mode: off}", "expected one of enforce, shadow"},
        Wrong{"rules:\n  - {name: a, effect: allow, when: {without_were: true}}",
              "unknown key \"without_were\" in when; did you mean \"without_where\"?"},
        Wrong{"rules:\n  - {name: a, effect: allow, do: [reed]}", "unknown action \"reed\""},
        Wrong{"rules:\n  - {name: a, effect: allow, do: []}", "do: the list is empty"},
        Wrong{"rules:\n  - {name: a, effect: allow, who: {}}", "who: is empty"},
        Wrong{"rules:\n  - {name: a, effect: allow, on: {}}", "on: is empty"},
        Wrong{"rules:\n  - {name: a, effect: allow, on: {tables: [orders]}}",
              "p.yaml:2:44: tables: \"orders\" has 1 part; expected schema.table"},
        Wrong{"rules:\n  - {name: a, effect: allow, on: {environments: [!production ]}}",
              "put it in quotes"},
        Wrong{"rules:\n  - {name: a, effect: allow, on: {classes: [pii2]}}",
              "p.yaml:2:45: classes: unknown class \"pii2\""},
        Wrong{"rules:\n  - {name: a, effect: allow, on: {functions: [dangerous]}}",
              "or a risk: file"},
        Wrong{"rules:\n  - {name: a, effect: allow, who: {kinds: [robot]}}",
              "expected human, service or agent"},
        Wrong{
            "rules:\n  - {name: a, effect: allow, when: {time: {from: \"09:00\", to: \"09:00\"}}}",
            "the window has no length"},
        Wrong{"rules:\n  - {name: a, effect: allow, when: {time: {zone: Mars/Base}}}",
              "unknown time zone \"Mars/Base\""},
        Wrong{"rules:\n  - {name: a, effect: allow, when: {client: [10.0.0.1/8]}}", "bits set"},
        Wrong{"rules:\n  - {name: a, effect: allow, when: {lock: heavy}}", "expected a lock level"},
        Wrong{"rules:\n  - {name: a, effect: allow, when: {estimated_rows: {}}}",
              "expected more_than or at_most"},
        Wrong{"rules:\n  - {name: a, effect: allow, limit: {rows: many}}",
              "expected a whole number"},
        Wrong{"rules:\n  - {name: a, effect: allow, limit: {statements_per_minute: 0}}",
              "is a deny rule"}));
INSTANTIATE_TEST_SUITE_P(
    Checks, WrongPolicy,
    ::testing::Values(
        Wrong{"rules:\n  - {name: a, effect: allow}\n  - {name: a, effect: deny, do: [drop]}",
              "p.yaml:3:5: rule \"a\": the rule in line 2 has the same name"},
        Wrong{"rules:\n  - {name: a, effect: deny, limit: {rows: 1}}",
              "limit belongs to rules that allow"},
        Wrong{"rules:\n  - {name: a, effect: allow, message: x}",
              "message and hint are for refusals"},
        Wrong{"rules:\n  - {name: a, effect: allow, do: [read]}\n  - {name: b, effect: deny, do: "
              "[read]}",
              "p.yaml:2:5: rule \"a\": contradicts rule \"b\" (line 3), which denies the same"},
        Wrong{"rules:\n  - {name: a, effect: hold, do: [read]}\n  - {name: b, effect: allow, do: "
              "[read]}",
              "rule \"b\": contradicts rule \"a\" (line 2), which holds the same"},
        Wrong{"rules:\n  - {name: a, effect: allow, do: [read], on: {tables: [hr.pay]}}\n"
              "  - {name: b, effect: deny, on: {tables: [hr.*]}}",
              "rule \"a\": never has an effect: rule \"b\" (line 3) denies all of it"},
        Wrong{"rules:\n  - {name: a, effect: allow}\n  - {name: b, effect: allow, do: [read]}",
              "rule \"b\": adds nothing: rule \"a\" (line 2) allows all of it"},
        Wrong{"rules:\n  - {name: a, effect: deny, do: [drop]}\n  - {name: b, effect: deny, do: "
              "[drop], who: {users: [x]}}",
              "rule \"b\": adds nothing: rule \"a\" (line 2) denies all of it"},
        Wrong{"rules:\n  - {name: a, effect: deny, do: [transaction], on: {tables: [a.b]}}",
              "can never apply"},
        Wrong{"rules:\n  - {name: a, effect: deny, do: [read], on: {functions: [file]}}",
              "can never apply"},
        Wrong{"rules:\n  - {name: a, effect: allow, do: [function]}", "can never apply"},
        Wrong{"rules:\n  - {name: a, effect: deny, do: [drop], who: {users: [x, '!x']}}",
              "p.yaml:2:5: rule \"a\": can never apply: users excludes all that it names"},
        Wrong{"rules:\n  - {name: a, effect: deny, do: [drop], on: {environments: [prod1, "
              "'!prod*']}}",
              "environments excludes all that it names"},
        Wrong{"rules:\n  - {name: a, effect: deny, do: [drop], when: {purpose: ['!*']}}",
              "purpose excludes all that it names"},
        Wrong{"rules:\n  - {name: a, effect: allow, when: {authentication: {max_age: 0s}}}",
              "can never apply: no authentication is of no age"},
        Wrong{"rules:\n  - {name: a, effect: deny, do: [read], when: {without_where: true}}",
              "can never apply"},
        Wrong{"rules:\n  - {name: a, effect: allow, do: [read], limit: {rows_changed: 5}}",
              "allows nothing that changes any"}));

class GoodPolicy : public ::testing::TestWithParam<const char*> {};
TEST_P(GoodPolicy, HasNoProblem) { EXPECT_EQ(problems(GetParam()), ""); }
INSTANTIATE_TEST_SUITE_P(
    Overlaps, GoodPolicy,
    ::testing::Values(
        "rules:\n  - {name: a, effect: allow, do: [read], on: {tables: [hr.*]}}\n"
        "  - {name: b, effect: deny, on: {tables: [hr.pay]}}",
        "rules:\n  - {name: a, effect: allow}\n  - {name: b, effect: allow, do: [read], limit: "
        "{rows: 5}}",
        "rules:\n  - {name: a, effect: allow}\n  - {name: b, effect: allow, do: [function], on: "
        "{functions: ['*']}}",
        "rules:\n  - {name: a, effect: deny, do: [read], when: {cartesian: true}}\n  - {name: b, "
        "effect: allow, do: [read]}",
        "rules:\n  - {name: a, effect: deny, do: [drop], who: {users: [x]}, message: y}\n  - "
        "{name: b, effect: deny, do: [drop]}",
        "rules:\n  - {name: a, effect: deny, mode: shadow}\n  - {name: b, effect: allow}",
        "rules:\n  - {name: a, effect: allow, who: {groups: [a]}}\n  - {name: b, effect: deny, "
        "who: {groups: ['!a']}}"));

TEST(Policy, ReportsEveryProblem) {
  const std::string text = problems(
      "rules:\n  - {name: a, effect: no}\n  - {name: b, effect: allow, do: [x], when: {y: 1}}\n");
  EXPECT_THAT(text, HasSubstr("p.yaml:2:"));
  EXPECT_THAT(text, HasSubstr("unknown action \"x\""));
  EXPECT_THAT(text, HasSubstr("unknown key \"y\""));
}

TEST(Policy, ProfilesAreValid) {
  EXPECT_EQ(profiles().size(), 4);
  for (const char* name : {"agents", "observe", "standard", "strict"}) {
    const auto policy = Policy::profile(name);
    ASSERT_TRUE(policy) << policy.error().text;
    EXPECT_EQ((*policy)->name(), name);
  }
  EXPECT_EQ(Policy::profile("lax").error().code, ErrorCode::kNotFound);
}

TEST(Policy, NothingAfterTheDocumentIsOverlooked) {
  const std::string rules = "rules: [{name: a, effect: allow}]\n";
  for (const char* rest : {"}\nrules: []\n", "---\nrules: []\n", "...\nx: y\n", "]\n", ", x\n"})
    EXPECT_NE(problems(rules + rest), "") << rest;
  EXPECT_EQ(problems(rules + "# a comment\n"), "");
}

TEST(Policy, BombsAreRefused) {
  std::string text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c < 'k'; ++c) {
    text += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 10; ++i)
      text += std::string(i == 0 ? "*" : ", *") + static_cast<char>(c - 1);
    text += "]\n";
  }
  EXPECT_THAT(problems(text + "rules: [{name: a, effect: allow, do: *j}]"),
              HasSubstr("unknown key"));
  EXPECT_THAT(problems(std::string(100'000, '[')), HasSubstr("p.yaml"));
  EXPECT_THAT(problems(std::string(2 << 20, ' ')), HasSubstr("larger than 1 MiB"));
  EXPECT_THAT(problems("rules: &r [*r]"), HasSubstr("p.yaml"));
}

RC_GTEST_PROP(Policy, AnyTextIsSafe, (const std::string& text)) {
  const auto policy = Policy::parse(text, "p");
  RC_ASSERT(policy.has_value() || !policy.error().text.empty());
}

}  // namespace
}  // namespace sluice::policy
