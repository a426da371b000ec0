// Rules that judge statements by what the columns that they use hold.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/policy.h"
#include "policy/test_facts.h"

namespace sluice::policy {
namespace {

using sql::ActionKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr catalog::Oid kMembers = 30001, kNew = 30002, kView = 30003;
constexpr int16_t kId = 1, kEmail = 2, kPhone = 3, kNotes = 4;

const catalog::Catalog& test_catalog() {
  static const catalog::Catalog catalog([] {
    catalog::Catalog::Contents contents;
    const auto add = [&](catalog::Oid oid, const std::string& name) -> catalog::Relation& {
      catalog::Relation& out = contents.relations.emplace_back();
      out.oid = oid;
      out.schema = "public";
      out.name = name;
      for (const char* column : {"id", "email", "phone", "notes"}) {
        catalog::Column& added = out.columns.emplace_back();
        added.number = static_cast<int16_t>(out.columns.size());
        added.name = column;
      }
      return out;
    };
    add(kMembers, "members");
    add(kNew, "fresh");
    add(kView, "seen").kind = catalog::RelationKind::kView;
    contents.schemas = {"public"};
    return contents;
  }());
  return catalog;
}

/// Of `members` alone.
privacy::Labels labels() {
  auto table = std::make_shared<privacy::TableLabels>();
  table->oid = kMembers;
  const auto add = [&](int16_t number, privacy::Shape shape, privacy::Class cls) {
    privacy::ColumnLabel& label = table->columns.emplace_back();
    label.number = number;
    label.decision.shape = shape;
    label.decision.cls = cls;
  };
  add(kId, privacy::Shape::kNone, privacy::Class::kNone);
  add(kEmail, privacy::Shape::kWhole, privacy::Class::kEmail);
  add(kPhone, privacy::Shape::kWhole, privacy::Class::kPhone);
  add(kNotes, privacy::Shape::kFreeText, privacy::Class::kNone);
  privacy::Labels::Tables tables;
  tables.emplace(kMembers, std::move(table));
  return privacy::Labels(std::move(tables));
}

std::shared_ptr<const Judgement> judged(const std::string& rules, const sql::StatementFacts& facts,
                                        const privacy::Labels* known) {
  const auto policy = Policy::parse("rules:\n" + rules, "test.yaml");
  EXPECT_TRUE(policy) << policy.error().text;
  Principal bob;
  bob.user = "bob";
  return judge(*policy, facts, &test_catalog(), bob, {"shop", "staging"}, known);
}

std::shared_ptr<const Decision> decide(const std::string& rules, const sql::StatementFacts& facts) {
  const auto known = labels();
  return judged(rules, facts, &known)->decide({});
}

FactsOf reading(int16_t column, catalog::Oid oid = kMembers) {
  return FactsOf()
      .act(ActionKind::kRead, oid == kMembers ? "public.members" : "public.fresh", oid)
      .uses(oid, column, sql::kUsedInOutput);
}

const std::string kAll = "- {name: all, effect: allow}\n";
const std::string kNoMail =
    kAll + "- {name: no-mail, effect: deny, on: {classes: [email]}, do: [read]}\n";

TEST(ClassRules, ADenialIsOfColumnsOfTheClassInWhateverUse) {
  const auto refused = decide(kNoMail, reading(kEmail));
  EXPECT_EQ(refused->rule, "no-mail");
  EXPECT_THAT(refused->message, HasSubstr("it holds email"));
  EXPECT_THAT(refused->detail, HasSubstr(R"("object":"public.members.email","holds":"email")"));
  EXPECT_TRUE(decide(kNoMail, reading(kPhone))->allowed());
  EXPECT_TRUE(decide(kNoMail, reading(kId))->allowed());
  const FactsOf filtering = reading(kId).uses(kMembers, kEmail, sql::kUsedInPredicate);
  EXPECT_EQ(decide(kNoMail, filtering)->rule, "no-mail");
  // count(*) looks at no column; a whole row at each.
  EXPECT_TRUE(
      decide(kNoMail, FactsOf().act(ActionKind::kRead, "public.members", kMembers))->allowed());
  EXPECT_EQ(decide(kNoMail, reading(0))->rule, "no-mail");
}

TEST(ClassRules, CategoriesExclusionsAndTheOnesThatHoldNothing) {
  const auto deny = [](const std::string& classes, int16_t column) {
    return !decide(
                kAll + "- {name: no, effect: deny, on: {classes: " + classes + "}, do: [read]}\n",
                reading(column))
                ->allowed();
  };
  EXPECT_TRUE(deny("[pii]", kPhone));
  EXPECT_FALSE(deny("[financial]", kPhone));
  EXPECT_FALSE(deny("[pii, \"!phone\"]", kPhone));
  EXPECT_TRUE(deny("[\"!phone\"]", kEmail));
  EXPECT_FALSE(deny("[\"*\"]", kId));
  EXPECT_TRUE(deny("[none]", kId));
  EXPECT_FALSE(deny("[none]", kEmail));
  EXPECT_FALSE(deny("[card_number]", kNotes)) << "masks search texts, rules name them";
  EXPECT_TRUE(deny("[free_text]", kNotes));
  EXPECT_TRUE(deny("[\"*\"]", kNotes));
  EXPECT_FALSE(deny("[\"*\", \"!free_text\"]", kNotes));
  EXPECT_FALSE(deny("[free_text]", kEmail));
}

TEST(ClassRules, WhatIsNotClassifiedCountsAsSensitive) {
  const auto known = labels();
  const auto judgement = judged(kNoMail, reading(kId, kNew), &known);
  EXPECT_EQ(judgement->decide({})->rule, "no-mail");
  EXPECT_THAT(judgement->unlabelled(), ElementsAre(kNew));
  EXPECT_THAT(judged(kNoMail, reading(kId), &known)->unlabelled(), IsEmpty());
  EXPECT_EQ(judged(kNoMail, reading(kId), nullptr)->decide({})->rule, "no-mail");
  const std::string plain = "- {name: plain, effect: allow, on: {classes: [none, pii]}}\n";
  EXPECT_TRUE(decide(plain, reading(kId))->allowed());
  EXPECT_TRUE(decide(plain, reading(kEmail))->allowed());
  EXPECT_EQ(decide(plain, reading(kId, kNew))->rule, "default-deny");
  EXPECT_EQ(decide(plain, reading(kNotes))->rule, "default-deny");
  // Policies that ask for no classes wait for none.
  EXPECT_THAT(judged(kAll, reading(kId, kNew), &known)->unlabelled(), IsEmpty());
}

TEST(ClassRules, AColumnOfSeveralClassesMayBeOfAny) {
  auto known = labels();
  auto tables = known.tables();
  auto mixed = std::make_shared<privacy::TableLabels>(*tables.at(kMembers));
  for (auto& column : mixed->columns) column.mixed = column.number == kPhone;
  tables[kMembers] = std::move(mixed);
  const privacy::Labels now(std::move(tables));
  EXPECT_EQ(judged(kNoMail, reading(kPhone), &now)->decide({})->rule, "no-mail");
  const std::string phones =
      "- {name: phones, effect: allow, on: {classes: [phone]}, do: [read]}\n";
  EXPECT_TRUE(judged(phones, reading(kPhone), &known)->decide({})->allowed());
  EXPECT_FALSE(judged(phones, reading(kPhone), &now)->decide({})->allowed());
}

TEST(ClassRules, AnAllowanceIsOfTheColumnsThatItNames) {
  const std::string mail = "- {name: mail, effect: allow, on: {classes: [email]}, do: [read]}\n";
  EXPECT_TRUE(decide(mail, reading(kEmail))->allowed());
  EXPECT_EQ(decide(mail, reading(kId))->rule, "default-deny");
  EXPECT_EQ(decide(mail, reading(kEmail).uses(kMembers, kPhone, sql::kUsedInJoin))->rule,
            "default-deny");
}

TEST(ClassRules, AConditionIsOnTheStatementAsAWhole) {
  const std::string rules =
      kAll + "- {name: no-copies, effect: hold, do: [insert], when: {classes: [email]}}\n";
  FactsOf copy = FactsOf("INSERT")
                     .act(ActionKind::kInsert, "public.members", kMembers)
                     .uses(kMembers, kId, sql::kWritten);
  EXPECT_TRUE(decide(rules, copy)->allowed());
  copy.act(ActionKind::kRead, "public.members", kMembers)
      .uses(kMembers, kEmail, sql::kUsedInPredicate);
  const auto held = decide(rules, copy);
  EXPECT_EQ(held->effect, Effect::kHold);
  EXPECT_THAT(held->message, HasSubstr("it uses public.members.email (email)"));
  FactsOf unknown = FactsOf("INSERT")
                        .act(ActionKind::kInsert, "public.members", kMembers)
                        .uses(kMembers, kId, sql::kWritten)
                        .dynamic();
  const std::string dynamic = "- {name: dynamic, effect: allow, do: [dynamic_sql]}\n";
  EXPECT_EQ(decide(rules + dynamic, unknown)->rule, "no-copies");
}

TEST(ClassRules, WhatIsWrittenElsewhereIsRead) {
  FactsOf update = FactsOf("UPDATE")
                       .act(ActionKind::kUpdate, "public.members", kMembers)
                       .uses(kMembers, kNotes, sql::kWritten)
                       .uses(kMembers, kId, sql::kUsedInPredicate);
  EXPECT_TRUE(decide(kNoMail, update)->allowed());
  sql::WrittenColumn& written = update.facts().written.emplace_back();
  written.target = {kMembers, kEmail};
  written.sources = {{{kMembers, kEmail}, false, {"lower"}}};
  EXPECT_TRUE(decide(kNoMail, update)->allowed()) << "its own value";
  written.target = {kMembers, kNotes};
  EXPECT_EQ(decide(kNoMail, update)->rule, "no-mail");
}

TEST(ClassRules, SqlThatIsNotKnownMayTouchThem) {
  const std::string rules =
      "- {name: all, effect: allow, do: [read, dynamic_sql]}\n"
      "- {name: no-mail, effect: deny, on: {classes: [email]}, do: [read]}\n";
  EXPECT_EQ(decide(rules, FactsOf("DO").dynamic())->rule, "no-mail");
  // A view is judged by what it reads.
  FactsOf view = FactsOf().act(ActionKind::kRead, "public.seen", kView);
  EXPECT_TRUE(decide(kNoMail, view)->allowed());
  view.act(ActionKind::kRead, "public.members", kMembers)
      .reached()
      .uses(kMembers, kEmail, sql::kUsedInOutput);
  EXPECT_EQ(decide(kNoMail, view)->rule, "no-mail");
  // What is only being made holds nothing yet.
  EXPECT_TRUE(
      decide(kAll + "- {name: no, effect: deny, on: {classes: [email]}}\n",
             FactsOf("CREATE TABLE").act(ActionKind::kCreate, "public.other").object_kind("table"))
          ->allowed());
}

TEST(ClassRules, ExplainNamesTheClass) {
  const auto policy = Policy::parse("rules:\n" + kNoMail, "test.yaml");
  ASSERT_TRUE(policy) << policy.error().text;
  Principal bob;
  bob.user = "bob";
  const auto known = labels();
  const FactsOf facts = reading(kEmail);
  const auto told = explain(**policy, facts, &test_catalog(), bob, {"shop", "staging"}, {}, &known);
  ASSERT_EQ(told.rules.size(), 2U);
  EXPECT_THAT(
      told.rules[1].reasons,
      ::testing::Contains(HasSubstr("on classes: public.members.email (email) is among email")));
}

TEST(ClassRules, WrongClassesAreErrorsWithLines) {
  const auto problem = [](const std::string& rule) {
    const auto policy = Policy::parse("rules:\n  - {name: a, effect: " + rule + "}\n", "p.yaml");
    return policy ? std::string("none") : policy.error().text;
  };
  EXPECT_THAT(problem("deny, on: {classes: [emial]}"),
              testing::AllOf(HasSubstr("p.yaml:2:"), HasSubstr("unknown class \"emial\"")));
  EXPECT_THAT(problem("deny, when: {classes: [emial]}"), HasSubstr("unknown class"));
  EXPECT_THAT(problem("deny, on: {classes: [email, \"!email\"]}"), HasSubstr("excludes every"));
  EXPECT_THAT(problem("mask, on: {classes: [email]}"), HasSubstr("beside \"on\""));
  EXPECT_THAT(problem("mask, when: {classes: [email]}"), HasSubstr("is about a statement"));
}

TEST(ClassRules, RulesThatOthersCoverAreFound) {
  const auto policy = Policy::parse(
      "rules:\n  - {name: a, effect: deny, on: {classes: [pii]}}\n"
      "  - {name: b, effect: allow, on: {classes: [email]}}\n",
      "p.yaml");
  ASSERT_FALSE(policy);
  EXPECT_THAT(policy.error().text, HasSubstr("never has an effect"));
}

}  // namespace
}  // namespace sluice::policy
