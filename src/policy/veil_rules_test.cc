// Rules that mask and unmask: how they are read, what is wrong with them, and that they leave
// verdicts alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/diff.h"
#include "policy/policy.h"
#include "policy/rule.h"
#include "policy/test_facts.h"

namespace sluice::policy {
namespace {

using privacy::Class;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string problems(const std::string& rules) {
  const auto policy = Policy::parse("rules:\n" + rules, "p.yaml");
  return policy ? "" : policy.error().text;
}

std::shared_ptr<const Policy> policy_of(const std::string& rules) {
  auto policy = Policy::parse("rules:\n" + rules, "p.yaml");
  EXPECT_TRUE(policy) << policy.error().text;
  return policy ? *policy : nullptr;
}

TEST(VeilRules, ReadEveryKey) {
  const auto policy = policy_of(R"(
  - name: people
    effect: unmask
    who: { groups: [privacy] }
    on: { databases: [shop], environments: [production], schemas: [public], tables: ["public.*"], columns: ["public.*.*"] }
    classes: [pii, card_number, "!religion"]
    when:
      authentication: { method: [scram-sha-256], max_age: 8h, older_than: 1s }
      time: { from: "08:00", to: "18:00" }
      client: [10.0.0.0/8]
      application: [psql]
      purpose: [support]
      in_transaction: false
  - name: salaries
    effect: mask
    mode: shadow
    classes: [salary]
    with: generalise
    predicates: any
    aggregates: show
)");
  ASSERT_NE(policy, nullptr);
  const Rule& people = policy->rules()[0];
  EXPECT_EQ(people.effect, Effect::kUnmask);
  EXPECT_TRUE(has(people.veil.chosen, Class::kEmail));
  EXPECT_TRUE(has(people.veil.chosen, Class::kCardNumber));
  EXPECT_TRUE(has(people.veil.outright, Class::kCardNumber));
  EXPECT_FALSE(has(people.veil.outright, Class::kEmail));
  EXPECT_FALSE(has(people.veil.chosen, Class::kReligion));
  EXPECT_FALSE(has(people.veil.chosen, Class::kSalary));
  EXPECT_FALSE(has(people.veil.chosen, Class::kNone));
  const Rule& salaries = policy->rules()[1];
  EXPECT_EQ(salaries.effect, Effect::kMask);
  EXPECT_EQ(salaries.veil.method, privacy::Method::kGeneralise);
  EXPECT_EQ(salaries.veil.predicates, Predicates::kAny);
  EXPECT_EQ(salaries.veil.aggregates, true);
  // Shadow rules are read, and no more.
  EXPECT_THAT(policy->veils(), ElementsAre(&people));
}

TEST(VeilRules, EveryMethodAndClassHasAName) {
  for (int i = 0; i <= static_cast<int>(privacy::Method::kHash); ++i) {
    const auto method = static_cast<privacy::Method>(i);
    const auto policy =
        policy_of("- {name: a, effect: mask, with: " + std::string(privacy::name(method)) + "}");
    ASSERT_NE(policy, nullptr);
    EXPECT_EQ(policy->rules()[0].veil.method, method);
  }
  for (const auto& each : privacy::classes()) {
    const auto policy =
        policy_of("- {name: a, effect: mask, classes: [" + std::string(each.name) + "]}");
    ASSERT_NE(policy, nullptr);
    EXPECT_EQ(policy->rules()[0].veil.chosen.count(), 1U);
    EXPECT_TRUE(has(policy->rules()[0].veil.chosen, each.id));
  }
}

struct Chosen {
  const char* classes;
  std::vector<Class> in, out;
  bool everything = false;
};
class ChosenClasses : public ::testing::TestWithParam<Chosen> {};
TEST_P(ChosenClasses, AreThoseOfTheList) {
  const std::string classes = GetParam().classes;
  const auto policy = policy_of("- {name: a, effect: mask" +
                                (classes.empty() ? "" : ", classes: " + classes) + "}");
  ASSERT_NE(policy, nullptr);
  const VeilSpec& veil = policy->rules()[0].veil;
  for (const Class each : GetParam().in) EXPECT_TRUE(has(veil.chosen, each)) << privacy::name(each);
  for (const Class each : GetParam().out)
    EXPECT_FALSE(has(veil.chosen, each)) << privacy::name(each);
  EXPECT_EQ(veil.everything(), GetParam().everything);
  EXPECT_TRUE((veil.outright & ~veil.chosen).none());
}
INSTANTIATE_TEST_SUITE_P(
    Lists, ChosenClasses,
    ::testing::Values(Chosen{"", {Class::kEmail, Class::kPassword, Class::kCity}, {Class::kNone}},
                      Chosen{"['*']", {Class::kEmail, Class::kPassword}, {Class::kNone}, true},
                      Chosen{"['*', '!password']", {Class::kEmail}, {Class::kPassword}},
                      Chosen{"email", {Class::kEmail}, {Class::kPhone}},
                      Chosen{"[health, email]",
                             {Class::kHealthData, Class::kUkNhs, Class::kEmail},
                             {Class::kPhone, Class::kUkNino}},
                      Chosen{"['!pii']", {Class::kSalary, Class::kJwt}, {Class::kEmail}},
                      Chosen{"['!email', pii]", {Class::kPhone}, {Class::kEmail, Class::kSalary}},
                      Chosen{"[credential]", {Class::kMfaSeed}, {Class::kCardCode}},
                      Chosen{"[location]", {Class::kGeoPosition, Class::kCity}, {Class::kPhone}}));

struct Wrong {
  const char* rules;
  const char* problem;
};
class WrongVeil : public ::testing::TestWithParam<Wrong> {};
TEST_P(WrongVeil, IsReportedWithItsPlace) {
  EXPECT_THAT(problems(GetParam().rules), HasSubstr(GetParam().problem)) << GetParam().rules;
}
INSTANTIATE_TEST_SUITE_P(
    Reading, WrongVeil,
    ::testing::Values(
        Wrong{"- {name: a, effect: mask, classes: [emial]}",
              "p.yaml:2:37: classes: unknown class \"emial\"; expected a class such as email"},
        Wrong{"- {name: a, effect: mask, classes: ['!emial']}", "unknown class \"emial\""},
        Wrong{"- {name: a, effect: mask, classes: [none]}", "unknown class \"none\""},
        Wrong{"- {name: a, effect: mask, classes: ['card_*']}", "unknown class \"card_*\""},
        Wrong{"- {name: a, effect: mask, classes: []}", "classes: the list is empty"},
        Wrong{"- {name: a, effect: mask, classes: ['!*']}",
              "p.yaml:2:36: classes: excludes every class that it names"},
        Wrong{"- {name: a, effect: mask, classes: [email, '!pii']}", "excludes every class"},
        Wrong{"- {name: a, effect: mask, with: blur}",
              "p.yaml:2:33: with: expected one of redact, partial, pseudonym, generalise, null, "
              "hash, got \"blur\""},
        Wrong{"- {name: a, effect: mask, predicates: some}",
              "expected one of none, equality, any, got \"some\""},
        Wrong{"- {name: a, effect: mask, aggregates: true}", "expected one of hide, show"},
        Wrong{"- {name: default, effect: mask}", "p.yaml:2:10: name: \"default\" is kept"}));
INSTANTIATE_TEST_SUITE_P(
    Effects, WrongVeil,
    ::testing::Values(
        Wrong{"- {name: a, effect: mask, do: [read]}",
              "p.yaml:2:31: do: belongs to rules that allow, hold or deny"},
        Wrong{"- {name: a, effect: unmask, limit: {rows: 1}}", "limit: belongs to rules that"},
        Wrong{"- {name: a, effect: mask, message: x}", "message: belongs to rules that"},
        Wrong{"- {name: a, effect: mask, hint: x}", "hint: belongs to rules that"},
        Wrong{"- {name: a, effect: unmask, with: redact}",
              "p.yaml:2:35: with: belongs to rules that mask; this one shows"},
        Wrong{"- {name: a, effect: unmask, predicates: any}", "predicates: belongs to rules that"},
        Wrong{"- {name: a, effect: unmask, aggregates: show}", "aggregates: belongs to rules that"},
        Wrong{"- {name: a, effect: allow, classes: [pii]}",
              "p.yaml:2:37: classes: belongs to rules that mask or unmask"},
        Wrong{"- {name: a, effect: deny, with: redact}", "with: belongs to rules that mask or"},
        Wrong{"- {name: a, effect: hold, predicates: any}", "predicates: belongs to rules that"},
        Wrong{"- {name: a, effect: deny, aggregates: show}", "aggregates: belongs to rules that"},
        Wrong{"- {name: a, effect: mask, on: {functions: [file]}}", "functions say nothing here"},
        Wrong{"- {name: a, effect: mask, on: {classes: [pii]}}", "beside \"on\""},
        Wrong{"- {name: a, effect: mask, when: {without_where: true}}",
              "p.yaml:2:49: without_where: is about a statement"},
        Wrong{"- {name: a, effect: mask, when: {cascade: true}}", "cascade: is about"},
        Wrong{"- {name: a, effect: mask, when: {lock: share}}", "lock: is about"},
        Wrong{"- {name: a, effect: mask, when: {table_rows: {at_most: 1}}}", "table_rows: is"},
        Wrong{"- {name: a, effect: mask, when: {dynamic_sql: true}}", "dynamic_sql: is about"},
        Wrong{"- {name: a, effect: mask, when: {cartesian: true}}", "cartesian: is about"},
        Wrong{"- {name: a, effect: mask, when: {no_limit: true}}", "no_limit: is about"},
        Wrong{"- {name: a, effect: mask, when: {functions: [file]}}", "functions: is about"},
        Wrong{"- {name: a, effect: mask, when: {estimated_rows: {at_most: 1}}}",
              "estimated_rows: is about"}));
INSTANTIATE_TEST_SUITE_P(
    Checks, WrongVeil,
    ::testing::Values(
        Wrong{"- {name: a, effect: unmask, classes: [credential]}",
              "p.yaml:2:3: rule \"a\": can never apply: its classes are of strength high"},
        Wrong{"- {name: a, effect: unmask, classes: [city, age]}",
              "never has an effect: values of its classes are shown anyway"},
        Wrong{"- {name: a, effect: mask, when: {authentication: {max_age: 1h, older_than: 2h}}}",
              "can never apply: no authentication"},
        Wrong{"- {name: a, effect: unmask, classes: [email]}\n- {name: a, effect: mask}",
              "has the same name"},
        Wrong{"- {name: a, effect: unmask, classes: [email], who: {users: [x]}}\n"
              "- {name: b, effect: mask, classes: [pii]}",
              "p.yaml:2:3: rule \"a\": never has an effect: rule \"b\" (line 3) masks all of it"},
        Wrong{"- {name: a, effect: unmask, classes: [email]}\n"
              "- {name: b, effect: mask, classes: [email]}",
              "rule \"a\": contradicts rule \"b\" (line 3), which masks the same"},
        Wrong{"- {name: a, effect: unmask, classes: [pii]}\n"
              "- {name: b, effect: unmask, classes: [email], who: {users: [x]}}",
              "rule \"b\": adds nothing: rule \"a\" (line 2) unmasks all of it"},
        Wrong{"- {name: b, effect: unmask, classes: [email], who: {users: [x]}}\n"
              "- {name: a, effect: unmask, classes: [pii]}",
              "rule \"b\": adds nothing: rule \"a\" (line 3) unmasks all of it"},
        Wrong{"- {name: a, effect: unmask, classes: [pii, card_number]}\n"
              "- {name: b, effect: unmask, classes: [card_number, pii]}",
              "p.yaml:3:3: rule \"b\": adds nothing: rule \"a\" (line 2) unmasks all of it"},
        Wrong{"- {name: a, effect: mask, classes: [pii]}\n"
              "- {name: b, effect: mask, classes: [email], with: hash}",
              "rule \"b\": adds nothing: rule \"a\" (line 2) masks all of it"}));

class GoodVeil : public ::testing::TestWithParam<const char*> {};
TEST_P(GoodVeil, HasNoProblem) { EXPECT_EQ(problems(GetParam()), ""); }
INSTANTIATE_TEST_SUITE_P(
    Overlaps, GoodVeil,
    ::testing::Values(
        // Verdicts and values are apart.
        "- {name: a, effect: deny}\n- {name: b, effect: unmask, classes: [email]}",
        "- {name: a, effect: allow}\n- {name: b, effect: mask}",
        "- {name: a, effect: mask}\n- {name: b, effect: allow}",
        // Categories leave out what is of strength high.
        "- {name: a, effect: unmask, classes: [pii]}\n- {name: b, effect: unmask, classes: "
        "[us_ssn]}",
        "- {name: a, effect: unmask, classes: [pii]}\n- {name: b, effect: unmask, classes: [pii], "
        "on: {columns: [hr.people.ssn]}}",
        "- {name: a, effect: unmask, classes: [credential], on: {columns: [app.keys.key]}}",
        "- {name: a, effect: unmask, classes: [jwt]}",
        // Only "*" shows what is not known yet.
        "- {name: a, effect: unmask, classes: ['*', '!jwt']}\n- {name: b, effect: unmask, classes: "
        "['*'], who: {users: [x]}}",
        // The first of several masks gives the method, a later one may widen.
        "- {name: a, effect: mask, classes: [email], with: hash}\n- {name: b, effect: mask, "
        "classes: [pii]}",
        "- {name: a, effect: mask, classes: [pii]}\n- {name: b, effect: mask, classes: [email], "
        "predicates: any}",
        "- {name: a, effect: mask, classes: [pii]}\n- {name: b, effect: mask, classes: [email], "
        "aggregates: show}",
        // Without classes a column is masked whatever it holds.
        "- {name: a, effect: mask, classes: ['*']}\n- {name: b, effect: mask, on: {columns: "
        "[hr.people.note]}}",
        // A mask that leaves something of the unmask rule.
        "- {name: a, effect: unmask, classes: [pii]}\n- {name: b, effect: mask, classes: [email]}",
        "- {name: a, effect: unmask, classes: [email]}\n- {name: b, effect: mask, classes: "
        "[email], when: {purpose: ['!support']}}",
        "- {name: a, effect: unmask, classes: [email]}\n- {name: b, effect: mask, mode: shadow}",
        "- {name: a, effect: unmask, classes: [email]}\n- {name: b, effect: mask, on: {schemas: "
        "[hr]}}"));

constexpr catalog::Oid kPeople = 20001, kNotes = 20002;

const catalog::Catalog& test_catalog() {
  static const catalog::Catalog catalog([] {
    catalog::Catalog::Contents contents;
    for (const auto& [oid, name] : {std::pair{kPeople, "people"}, std::pair{kNotes, "notes"}}) {
      catalog::Relation& relation = contents.relations.emplace_back();
      relation.oid = oid;
      relation.schema = "public";
      relation.name = name;
      for (const char* column : {"id", "email"}) {
        catalog::Column& added = relation.columns.emplace_back();
        added.number = static_cast<int16_t>(relation.columns.size());
        added.name = column;
      }
    }
    return contents;
  }());
  return catalog;
}

Principal bob() {
  Principal principal;
  principal.user = "bob";
  return principal;
}

FactsOf reading_people() {
  return FactsOf()
      .act(sql::ActionKind::kRead, "public.people", kPeople)
      .uses(kPeople, 1, sql::kUsedInPredicate)
      .uses(kPeople, 2, sql::kUsedInOutput);
}

TEST(VeilRules, LeaveVerdictsAlone) {
  const auto policy = policy_of(
      "- {name: reads, effect: allow, do: [read]}\n"
      "- {name: people, effect: unmask, classes: [pii], when: {purpose: [support]}}\n"
      "- {name: salaries, effect: mask, on: {columns: [public.people.email]}}\n"
      "- {name: later, effect: mask, mode: shadow, classes: [phone]}\n");
  const auto judgement = judge(policy, reading_people(), &test_catalog(), bob(), {"shop", "dev"});
  EXPECT_FALSE(judgement->moves());
  const auto decision = judgement->decide({});
  EXPECT_TRUE(decision->allowed());
  EXPECT_THAT(decision->matched, ElementsAre("reads"));
  EXPECT_THAT(decision->shadow, ElementsAre());
  // No rule for values lets anything through.
  const auto only = policy_of("- {name: people, effect: unmask, classes: ['*']}\n");
  EXPECT_EQ(
      judge(only, reading_people(), &test_catalog(), bob(), {"shop", "dev"})->decide({})->rule,
      "default-deny");
}

std::vector<RuleTrace> explained(const std::string& rules, const sql::StatementFacts& facts,
                                 const catalog::Catalog* catalog = &test_catalog()) {
  const auto explanation =
      explain(*policy_of(rules), facts, catalog, bob(), {"shop", "production"}, {});
  return explanation.rules;
}

TEST(VeilRules, AreExplained) {
  const auto traces = explained(
      "- {name: other, effect: unmask, classes: [pii], who: {users: [alice]}}\n"
      "- {name: purpose, effect: unmask, classes: [email], when: {purpose: [support]}}\n"
      "- {name: pay, effect: mask, classes: [salary]}\n"
      "- {name: notes, effect: mask, on: {tables: [public.notes]}, with: null}\n"
      "- {name: email, effect: mask, mode: shadow, on: {columns: ['*.*.email']}, classes: [pii, "
      "phone]}\n",
      reading_people());
  ASSERT_EQ(traces.size(), 5);
  EXPECT_FALSE(traces[0].matched);
  EXPECT_EQ(traces[0].effect, Effect::kUnmask);
  EXPECT_THAT(traces[0].reasons, ElementsAre("who: bob is not among users alice"));
  EXPECT_FALSE(traces[1].matched);
  EXPECT_THAT(traces[1].reasons, ElementsAre("when purpose: \"\" is not among support"));
  EXPECT_TRUE(traces[2].matched);
  EXPECT_THAT(traces[2].reasons,
              ElementsAre("masks values of salary in public.people.id, public.people.email"));
  EXPECT_FALSE(traces[3].matched);
  EXPECT_THAT(traces[3].reasons,
              ElementsAre("on: the statement reads no column that the rule names"));
  EXPECT_TRUE(traces[4].matched);
  EXPECT_TRUE(traces[4].shadow);
  EXPECT_THAT(traces[4].reasons, ElementsAre("masks values of pii, phone in public.people.email",
                                             "mode: a shadow rule is never applied to values"));
}

TEST(VeilRules, AreExplainedWhereLittleIsKnown) {
  const std::string rules =
      "- {name: show, effect: unmask, on: {tables: [public.people]}, classes: [email]}\n"
      "- {name: hide, effect: mask, on: {tables: [public.notes]}}\n";
  // A whole row is each of its columns.
  FactsOf whole = FactsOf().uses(kPeople, 0, sql::kUsedInOutput);
  EXPECT_THAT(explained(rules, whole)[0].reasons,
              ElementsAre("unmasks values of email in public.people.id, public.people.email"));
  // What is only written is not shown.
  EXPECT_THAT(explained(rules, FactsOf().uses(kPeople, 1, sql::kWritten))[0].reasons,
              ElementsAre("on: the statement reads no column"));
  const auto unknown = explained(rules, FactsOf().dynamic());
  EXPECT_FALSE(unknown[0].matched);
  EXPECT_TRUE(unknown[1].matched);
  EXPECT_THAT(unknown[1].reasons,
              ElementsAre("masks values of any class in what it reads, which is not known"));
  const auto blind = explained(rules, reading_people(), nullptr);
  EXPECT_FALSE(blind[0].matched);
  EXPECT_TRUE(blind[1].matched);
}

TEST(VeilRules, AreCompared) {
  const std::string old_rule = "- {name: a, effect: mask, classes: [pii], with: hash}\n";
  const auto before = policy_of(old_rule);
  for (const char* rule : {"- {name: a, effect: mask, classes: [pii], with: redact}",
                           "- {name: a, effect: mask, classes: [email], with: hash}",
                           "- {name: a, effect: mask, classes: [pii], with: hash, predicates: any}",
                           "- {name: a, effect: mask, classes: [pii], with: hash, aggregates: "
                           "show}",
                           "- {name: a, effect: mask, classes: [pii], with: null}",
                           "- {name: a, effect: unmask, classes: [pii]}"}) {
    const auto changes = diff(*before, *policy_of(rule)).rules;
    ASSERT_EQ(changes.size(), 1) << rule;
    EXPECT_EQ(changes[0].what, RuleChange::What::kChanged);
    EXPECT_EQ("- " + changes[0].new_text, rule);
  }
  const std::string quoted = "- {name: a, effect: mask, with: 'null'}";
  EXPECT_TRUE(diff(*policy_of(quoted), *policy_of("- {name: a, effect: mask, with: null}")).same());
  EXPECT_TRUE(diff(*before, *policy_of("# laid out otherwise\n" + old_rule)).same());
}

}  // namespace
}  // namespace sluice::policy
