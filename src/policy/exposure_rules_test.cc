// How values are shown, rule by rule.
#include <gtest/gtest.h>

#include "policy/test_exposure.h"

namespace sluice::policy {
namespace {

struct Row {
  const char* rules;
  Asked asked;
  Veil expected;
};
class Veils : public ::testing::TestWithParam<Row> {};
TEST_P(Veils, FollowTheRules) {
  const Row& row = GetParam();
  const Exposure exposure = exposure_of(row.rules);
  EXPECT_EQ(veil(exposure, row.asked), row.expected) << row.rules;
}

const char* const kPii = "- {name: a, effect: unmask, classes: [pii]}\n";
INSTANTIATE_TEST_SUITE_P(
    Classes, Veils,
    ::testing::Values(
        Row{kPii, {.cls = Class::kEmail}, shown("a")}, Row{kPii, {.cls = Class::kAge}, shown("a")},
        Row{kPii, {.cls = Class::kNone}, shown()},
        Row{kPii, {.cls = Class::kIban}, masked(Method::kPartial)},
        // Strength high is not shown with its category.
        Row{kPii, {.cls = Class::kUsSsn}, masked(Method::kPartial)},
        Row{"- {name: a, effect: unmask, classes: [pii, us_ssn]}",
            {.cls = Class::kUsSsn},
            shown("a")},
        Row{"- {name: a, effect: unmask, classes: ['*']}", {.cls = Class::kPassword}, shown("a")},
        Row{"- {name: a, effect: unmask, classes: ['*', '!password']}",
            {.cls = Class::kPassword},
            masked(Method::kRedact)},
        Row{"- {name: a, effect: unmask, classes: ['!password']}",
            {.cls = Class::kJwt},
            masked(Method::kRedact)},
        Row{"- {name: a, effect: unmask, classes: ['!password']}",
            {.cls = Class::kEmail},
            shown("a")},
        Row{"- {name: a, effect: unmask}", {.cls = Class::kEmail}, shown("a")},
        Row{"- {name: a, effect: unmask}", {.cls = Class::kUsSsn}, masked(Method::kPartial)},
        // Or where the column is named.
        Row{"- {name: a, effect: unmask, classes: [pii], on: {columns: [public.people.email]}}",
            {.cls = Class::kUsSsn},
            shown("a")},
        Row{"- {name: a, effect: unmask, on: {columns: [public.people.email]}}",
            {.cls = Class::kPassword},
            shown("a")},
        Row{"- {name: a, effect: unmask, classes: [pii], on: {columns: ['public.people.e*']}}",
            {.cls = Class::kUsSsn},
            masked(Method::kPartial)},
        Row{"- {name: a, effect: unmask, classes: [pii], on: {columns: ['*.people.email']}}",
            {.cls = Class::kUsSsn},
            masked(Method::kPartial)},
        Row{"- {name: a, effect: unmask, classes: [pii], on: {columns: ['*', public.people.id]}}",
            {.cls = Class::kUsSsn},
            masked(Method::kPartial)},
        Row{"- {name: a, effect: unmask, classes: [pii], on: {columns: ['*', "
            "public.people.email]}}",
            {.cls = Class::kUsSsn},
            shown("a")},
        Row{"- {name: a, effect: unmask, classes: [pii], on: {columns: [public.people.email]}}",
            {.cls = Class::kIban},
            masked(Method::kPartial)}));
INSTANTIATE_TEST_SUITE_P(
    Masks, Veils,
    ::testing::Values(
        Row{"- {name: a, effect: mask, classes: [salary]}",
            {.cls = Class::kSalary},
            masked(Method::kGeneralise, "a")},
        Row{"- {name: a, effect: mask, classes: [salary]}", {.cls = Class::kCity}, shown()},
        Row{"- {name: a, effect: mask, classes: [email], with: hash}",
            {},
            masked(Method::kHash, "a")},
        Row{"- {name: a, effect: mask, classes: [email], with: 'null', predicates: none, "
            "aggregates: show}",
            {},
            masked(Method::kNull, "a", Predicates::kNone, true)},
        // Mask beats unmask, in any order.
        Row{"- {name: a, effect: unmask, classes: ['*']}\n- {name: b, effect: mask, classes: "
            "[email]}",
            {},
            masked(Method::kPartial, "b")},
        Row{"- {name: b, effect: mask, classes: [email]}\n- {name: a, effect: unmask, classes: "
            "['*']}",
            {},
            masked(Method::kPartial, "b")},
        Row{"- {name: a, effect: unmask, on: {columns: [public.people.email]}}\n- {name: b, "
            "effect: mask, classes: [pii]}",
            {},
            masked(Method::kPartial, "b")},
        Row{"- {name: a, effect: unmask, classes: ['*']}\n- {name: b, effect: mask, classes: "
            "[email]}",
            {.cls = Class::kPhone},
            shown("a")},
        // The first gives the method, the widest what conditions may do.
        Row{"- {name: a, effect: mask, classes: [email], with: hash, predicates: none}\n"
            "- {name: b, effect: mask, classes: [pii], with: redact, predicates: any, aggregates: "
            "show}",
            {},
            masked(Method::kHash, "a", Predicates::kAny, true)},
        Row{"- {name: a, effect: mask, classes: [email]}\n"
            "- {name: b, effect: mask, classes: [pii], with: redact, predicates: none}",
            {},
            masked(Method::kPartial, "a", Predicates::kNone)},
        Row{"- {name: a, effect: mask, classes: [email], predicates: none}\n"
            "- {name: b, effect: mask, classes: [phone], predicates: any}",
            {},
            masked(Method::kPartial, "a", Predicates::kNone)},
        Row{"- {name: a, effect: mask, classes: [email], aggregates: show}\n"
            "- {name: b, effect: mask, classes: [email], aggregates: hide}",
            {},
            masked(Method::kPartial, "a", Predicates::kEquality, true)},
        // Without classes what holds nothing sensitive is masked only by the column's name.
        Row{"- {name: a, effect: mask}", {.cls = Class::kCity}, masked(Method::kRedact, "a")},
        Row{"- {name: a, effect: mask}", {.cls = Class::kNone}, shown()},
        Row{"- {name: a, effect: mask, on: {schemas: [public]}}", {.cls = Class::kNone}, shown()},
        Row{"- {name: a, effect: mask, on: {columns: ['public.*.email']}}",
            {.cls = Class::kNone},
            masked(Method::kRedact, "a")},
        Row{"- {name: a, effect: mask, on: {columns: ['public.*.email']}, with: hash}",
            {.cls = Class::kNone},
            masked(Method::kHash, "a")},
        Row{"- {name: a, effect: mask, on: {columns: ['public.*.email']}, classes: ['*']}",
            {.cls = Class::kNone},
            shown()},
        Row{"- {name: a, effect: mask, mode: shadow, with: hash}", {}, masked(Method::kPartial)},
        Row{"- {name: a, effect: unmask, mode: shadow}", {}, masked(Method::kPartial)}));

INSTANTIATE_TEST_SUITE_P(
    Names, Veils,
    ::testing::Values(
        Row{"- {name: a, effect: unmask, on: {schemas: [public]}}", {}, shown("a")},
        Row{"- {name: a, effect: unmask, on: {schemas: ['pub*', x]}}", {}, shown("a")},
        Row{"- {name: a, effect: unmask, on: {schemas: [hr]}}", {}, masked(Method::kPartial)},
        Row{"- {name: a, effect: unmask, on: {tables: [public.people]}}", {}, shown("a")},
        Row{"- {name: a, effect: unmask, on: {tables: [public.people]}}",
            {.relation = kPay},
            masked(Method::kPartial)},
        Row{"- {name: a, effect: unmask, on: {columns: ['*.*.\"Note\"']}}",
            {.column = "Note"},
            shown("a")},
        Row{"- {name: a, effect: unmask, on: {columns: ['*.*.Note']}}",
            {.column = "Note"},
            masked(Method::kPartial)},
        // All keys must match.
        Row{"- {name: a, effect: unmask, on: {schemas: [hr], tables: [public.people]}}",
            {},
            masked(Method::kPartial)},
        Row{"- {name: a, effect: unmask, on: {tables: [public.people], columns: ['*.*.id']}}",
            {},
            masked(Method::kPartial)},
        // A session's temporary schema has one name for all.
        Row{"- {name: a, effect: unmask, on: {schemas: [pg_temp]}}",
            {.relation = kTemporary},
            shown("a")},
        Row{"- {name: a, effect: unmask, on: {tables: [public.people]}}",
            {.relation = kTemporary},
            masked(Method::kPartial)},
        // Who and where.
        Row{"- {name: a, effect: unmask, who: {groups: [privacy]}}", {}, shown("a")},
        Row{"- {name: a, effect: unmask, who: {groups: ['!support']}}",
            {},
            masked(Method::kPartial)},
        Row{"- {name: a, effect: unmask, who: {kinds: [agent]}}", {}, masked(Method::kPartial)},
        Row{"- {name: a, effect: unmask, who: {attributes: {team: data}}}", {}, shown("a")},
        Row{"- {name: a, effect: unmask, on: {databases: [shop]}}", {}, shown("a")},
        Row{"- {name: a, effect: unmask, on: {environments: ['!production']}}",
            {},
            masked(Method::kPartial)}));

const char* const kMaskLog = "- {name: a, effect: mask, on: {tables: [app.log]}, with: hash}";
const char* const kMaskOlder =
    "- {name: a, effect: mask, on: {tables: [old.log_2019]}, with: hash, predicates: any}";
const char* const kShowLog = "- {name: a, effect: unmask, on: {tables: [app.log]}}";
INSTANTIATE_TEST_SUITE_P(
    Partitions, Veils,
    ::testing::Values(
        Row{kMaskLog, {.relation = kLog}, masked(Method::kHash, "a")},
        Row{kMaskLog, {.relation = kLogOld}, masked(Method::kHash, "a")},
        Row{kMaskLog, {.relation = kLogOlder}, masked(Method::kHash, "a")},
        Row{kMaskLog, {.relation = kPeople}, masked(Method::kPartial)},
        // A table may give the rows of its parts.
        Row{kMaskOlder, {.relation = kLog}, masked(Method::kRedact, "a")},
        Row{kMaskOlder, {.relation = kLogOlder}, masked(Method::kHash, "a", Predicates::kAny)},
        Row{"- {name: a, effect: mask, on: {tables: [app.log_old]}, with: hash}",
            {.relation = kLog},
            masked(Method::kRedact, "a")},
        Row{"- {name: a, effect: mask, on: {columns: [app.log.id]}, with: hash}",
            {.relation = kLogOlder},
            masked(Method::kPartial)},
        Row{"- {name: a, effect: mask, on: {columns: [app.log.email]}, with: hash}",
            {.relation = kLogOlder},
            masked(Method::kHash, "a")},
        // Without a catalog nobody knows whose part it is.
        Row{kMaskLog, {.relation = kLogOlder, .catalog = false}, masked(Method::kRedact, "a")},
        Row{kMaskLog, {.relation = kPeople, .catalog = false}, masked(Method::kPartial)},
        Row{kShowLog, {.relation = kLog}, shown("a")},
        Row{kShowLog, {.relation = kLogOld}, masked(Method::kPartial)}));

INSTANTIATE_TEST_SUITE_P(
    Doubt, Veils,
    ::testing::Values(
        Row{"- {name: a, effect: unmask, on: {tables: ['public.*']}}",
            {.relation = 0},
            masked(Method::kPartial)},
        Row{"- {name: a, effect: unmask, on: {tables: ['*']}}", {.relation = 0}, shown("a")},
        Row{"- {name: a, effect: unmask}", {.relation = 0}, shown("a")},
        Row{"- {name: a, effect: unmask, on: {columns: [public.people.email]}}",
            {.column = nullptr},
            masked(Method::kPartial)},
        Row{"- {name: a, effect: unmask, on: {columns: ['public.people.*']}}",
            {.column = nullptr},
            shown("a")},
        // In doubt nothing of a value stays, and a rule gives nothing.
        Row{"- {name: a, effect: mask, on: {tables: [hr.pay]}, with: partial, predicates: any, "
            "aggregates: show}",
            {.relation = 0},
            masked(Method::kRedact, "a")},
        Row{"- {name: a, effect: mask, on: {tables: [hr.pay]}, predicates: none}",
            {.relation = 0},
            masked(Method::kRedact, "a", Predicates::kNone)},
        Row{"- {name: a, effect: mask, on: {tables: [hr.pay]}, predicates: any}\n"
            "- {name: b, effect: mask, on: {tables: [app.log]}, predicates: none}",
            {.relation = 0},
            masked(Method::kRedact, "a", Predicates::kNone)},
        Row{"- {name: a, effect: mask, on: {tables: [hr.pay]}, predicates: none}\n"
            "- {name: b, effect: mask, classes: [email], predicates: equality}",
            {.relation = 0},
            masked(Method::kRedact, "a")},
        Row{"- {name: a, effect: mask, on: {columns: [public.people.id]}}",
            {.column = nullptr},
            masked(Method::kRedact, "a")},
        Row{"- {name: a, effect: mask, on: {tables: [hr.pay]}}", {}, masked(Method::kPartial)},
        Row{"- {name: a, effect: unmask, classes: ['*']}\n- {name: b, effect: mask, classes: "
            "[email], on: {tables: [hr.pay]}}",
            {.relation = 0},
            masked(Method::kRedact, "b")},
        Row{"- {name: a, effect: unmask, when: {client: [10.0.0.0/8]}}",
            {},
            masked(Method::kPartial)},
        Row{"- {name: a, effect: mask, classes: [city], when: {client: [10.0.0.0/8]}, with: "
            "partial}",
            {.cls = Class::kCity},
            masked(Method::kRedact, "a")},
        Row{"- {name: a, effect: unmask, when: {authentication: {max_age: 1h}}}",
            {},
            masked(Method::kPartial)},
        Row{"- {name: a, effect: mask, classes: [city], when: {authentication: {older_than: "
            "1h}}}",
            {.cls = Class::kCity},
            masked(Method::kRedact, "a")}));

struct UnknownRow {
  const char* rules;
  Veil expected;
};
class UnknownClass : public ::testing::TestWithParam<UnknownRow> {};
TEST_P(UnknownClass, IsRedacted) {
  const Exposure exposure = exposure_of(GetParam().rules);
  const catalog::Relation* people = test_catalog().relation(kPeople);
  EXPECT_EQ(exposure.veil_unknown(people, people->column("email"), &test_catalog()),
            GetParam().expected)
      << GetParam().rules;
}
INSTANTIATE_TEST_SUITE_P(
    Rules, UnknownClass,
    ::testing::Values(
        UnknownRow{"", masked(Method::kRedact)},
        UnknownRow{"- {name: a, effect: unmask, classes: ['*']}", shown("a")},
        UnknownRow{"- {name: a, effect: unmask, classes: ['*'], on: {tables: [public.people]}}",
                   shown("a")},
        UnknownRow{"- {name: a, effect: unmask, classes: ['*'], on: {tables: [hr.pay]}}",
                   masked(Method::kRedact)},
        UnknownRow{"- {name: a, effect: unmask, classes: ['*', '!jwt']}", masked(Method::kRedact)},
        UnknownRow{"- {name: a, effect: unmask}", masked(Method::kRedact)},
        UnknownRow{"- {name: a, effect: unmask, classes: [pii, financial]}",
                   masked(Method::kRedact)},
        // The column is named, whatever it holds.
        UnknownRow{"- {name: a, effect: unmask, on: {columns: [public.people.email]}}", shown("a")},
        UnknownRow{"- {name: a, effect: unmask, on: {columns: ['public.people.*']}}",
                   masked(Method::kRedact)},
        UnknownRow{"- {name: a, effect: unmask, classes: [email], on: {columns: "
                   "[public.people.email]}}",
                   masked(Method::kRedact)},
        // It may be of the class that a rule masks.
        UnknownRow{"- {name: a, effect: unmask, classes: ['*']}\n- {name: b, effect: mask, "
                   "classes: [salary], with: partial, predicates: any, aggregates: show}",
                   masked(Method::kRedact, "b")},
        UnknownRow{"- {name: a, effect: unmask, classes: ['*']}\n- {name: b, effect: mask, "
                   "classes: [salary], on: {tables: [hr.pay]}}",
                   shown("a")},
        UnknownRow{"- {name: b, effect: mask, classes: [salary], with: partial, predicates: none}",
                   masked(Method::kRedact, "default", Predicates::kNone)}));

}  // namespace
}  // namespace sluice::policy
