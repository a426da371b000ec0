#include <gmock/gmock.h>

#include "gateway/label_keeper_fixture.h"

namespace sluice::gateway {
namespace {

using namespace label_keeper_tests;
using privacy::Class;
using privacy::Shape;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(LabelKeeper, AnotherNameMakesNoOtherColumn) {
  Server server;
  server.broken = {"customers"};  // Only names speak.
  ASSERT_TRUE(server.know(catalog_of(kTables()), {kCustomers}));
  ASSERT_TRUE(server.label(kCustomers, 2).masked());
  auto renamed = kTables();
  renamed[0].columns[1].name = "colour";
  ASSERT_TRUE(server.know(catalog_of(renamed), {kCustomers}));
  EXPECT_TRUE(server.label(kCustomers, 2).masked());
  EXPECT_EQ(server.label(kCustomers, 2).formerly, "email");
  renamed[0].columns[1].name = "paint";
  ASSERT_TRUE(server.know(catalog_of(renamed), {kCustomers}));
  EXPECT_TRUE(server.label(kCustomers, 2).masked());
  EXPECT_EQ(server.label(kCustomers, 2).formerly, "email");
}

TEST(LabelKeeper, ClassifiesBeforeAnybodyGoesOn) {
  Server server;
  const auto catalog = catalog_of(kTables());
  EXPECT_TRUE(server.keeper.current()->tables().empty());
  const uint64_t before = server.keeper.version();
  std::vector<bool> told;
  server.keeper.when_known(catalog, {kCustomers}, [&](bool known) { told.push_back(known); });
  EXPECT_TRUE(told.empty());
  ASSERT_EQ(server.asked.size(), 1U);
  EXPECT_THAT(server.texts[0], HasSubstr("FROM \"public\".\"customers\" AS t LIMIT 400"));
  EXPECT_THAT(server.texts[0], Not(HasSubstr("orders")));
  server.answer_all();
  EXPECT_THAT(told, ElementsAre(true));
  EXPECT_NE(server.keeper.version(), before);
  EXPECT_EQ(server.label(kCustomers, 2).decision.cls, Class::kEmail);
  EXPECT_EQ(server.keeper.current()->table(kOrders), nullptr);
  server.keeper.when_known(catalog, {kCustomers}, [&](bool known) { told.push_back(known); });
  EXPECT_THAT(told, ElementsAre(true, true)) << "at once";
}

TEST(LabelKeeper, FollowsACatalogInTheBackground) {
  Server server;
  server.keeper.follow(catalog_of(kTables()));
  server.answer_all();
  EXPECT_EQ(server.texts.size(), 1U) << "one batch";
  EXPECT_EQ(server.label(kCustomers, 2).decision.cls, Class::kEmail);
  EXPECT_EQ(server.label(kOrders, 2).decision.shape, Shape::kNone);
  const uint64_t version = server.keeper.version();
  server.keeper.follow(catalog_of(kTables()));
  EXPECT_TRUE(server.asked.empty()) << "nothing is new";
  EXPECT_EQ(server.keeper.version(), version);
  auto changed = kTables();
  changed[1].columns.push_back(column(3, "iban"));
  const auto catalog = catalog_of(changed);
  server.keeper.follow(catalog);
  server.answer_all();
  EXPECT_EQ(server.label(kOrders, 3).decision.cls, Class::kIban);
  EXPECT_EQ(server.texts.size(), 2U);
}

TEST(LabelKeeper, WhatDoesNotAnswerIsNotWaitedForForever) {
  Server server;
  std::vector<bool> told;
  server.keeper.when_known(catalog_of(kTables()), {kCustomers},
                           [&](bool known) { told.push_back(known); });
  server.keeper.tick();
  EXPECT_TRUE(told.empty());
  server.keeper.tick(Clock::now() + LabelKeeper::kPatience);
  EXPECT_THAT(told, ElementsAre(false));
  server.answer_all();
  EXPECT_EQ(told.size(), 1U);
}

TEST(LabelKeeper, WhatCannotBeReadIsClassifiedByNames) {
  Server server;
  server.values = {"red", "blue"};
  server.broken = {"\"orders\""};
  auto tables = kTables();
  tables[1].columns[1].type_name = "text";
  const auto catalog = catalog_of(tables);
  ASSERT_TRUE(server.know(catalog, {kCustomers, kOrders}));
  EXPECT_EQ(server.keeper.current()->table(kCustomers)->sampled, 2U) << "alone it can be read";
  EXPECT_EQ(server.keeper.current()->table(kOrders)->sampled, 0U);
  EXPECT_EQ(server.label(kOrders, 2).decision.shape, Shape::kFreeText);
}

TEST(LabelKeeper, FewTextsProveNothing) {
  Server server;
  auto tables = kTables();
  tables[1].columns[1].type_name = "text";
  server.values = {"red", "blue"};
  ASSERT_TRUE(server.know(catalog_of(tables), {kOrders}));
  EXPECT_EQ(server.label(kOrders, 2).decision.shape, Shape::kNone);
  EXPECT_TRUE(server.label(kOrders, 2).unproven);
  EXPECT_FALSE(server.label(kOrders, 1).unproven) << "a number";
  server.values.assign(20, "red");
  server.written[kOrders] = 18;
  server.keeper.look(catalog_of(tables));
  server.answer_all();
  EXPECT_FALSE(server.label(kOrders, 2).unproven);
}

TEST(LabelKeeper, OnlyWhatMayBeReadIsRead) {
  Server server;
  server.values = {"red", "blue"};
  server.broken = {"t.\"email\""};
  server.unreadable = {{kCustomers, 2}};
  ASSERT_TRUE(server.know(catalog_of(kTables()), {kCustomers}));
  EXPECT_THAT(server.texts.back(), HasSubstr("t.\"id\""));
  EXPECT_EQ(server.label(kCustomers, 1).values, 2U);
  EXPECT_EQ(server.label(kCustomers, 2).values, 0U);
  EXPECT_EQ(server.label(kCustomers, 2).decision.cls, Class::kEmail);
}

TEST(LabelKeeper, AChangedTableIsUnknownAndWhatATransactionHasAddedIsNoHindrance) {
  Server server;
  ASSERT_TRUE(server.know(catalog_of(kTables()), {kOrders}));
  auto changed = kTables();
  changed[1].columns[1] = column(2, "phone");
  server.keeper.when_known(catalog_of(changed), {kOrders}, [](bool) {});
  EXPECT_EQ(server.asked.size(), 1U) << "another name";
  server.answer_all();
  EXPECT_EQ(server.label(kOrders, 2).decision.cls, Class::kPhone);
  auto commented = changed;
  commented[1].columns[1].comment = "no phone";
  server.keeper.when_known(catalog_of(commented), {kOrders}, [](bool) {});
  EXPECT_EQ(server.asked.size(), 1U) << "another comment";
  server.answer_all();
  auto wider = commented;
  wider[1].columns.push_back(column(3, "email"));
  server.broken = {"t.\"email\""};  // Nobody else can see it yet.
  ASSERT_TRUE(server.know(catalog_of(wider), {kOrders}));
  EXPECT_EQ(server.label(kOrders, 3).decision.cls, Class::kEmail);
  const size_t asked = server.texts.size();
  ASSERT_TRUE(server.know(catalog_of(commented), {kOrders}));
  EXPECT_EQ(server.texts.size(), asked) << "others know what they need";
  server.broken.clear();
  server.keeper.follow(catalog_of(wider));
  ASSERT_EQ(server.asked.size(), 1U);
  EXPECT_THAT(server.asked[0].text, HasSubstr("\"orders\"")) << "committed, it can be sampled";
}

TEST(LabelKeeper, TwoWhoSeeATableDifferentlyAreBothServed) {
  Server server;
  auto other = kTables();
  other[1].columns[1].name = "phone";
  int told = 0;
  server.keeper.when_known(catalog_of(kTables()), {kOrders}, [&](bool known) { told += known; });
  server.keeper.when_known(catalog_of(other), {kOrders}, [&](bool known) { told += known; });
  server.answer_all();
  EXPECT_EQ(told, 2);
}

TEST(LabelKeeper, ForeignKeysInheritWhateverTheOrder) {
  Server server;
  auto tables = kTables();
  catalog::Constraint key;
  key.name = "orders_customer";
  key.type = 'f';
  key.columns = {2};
  key.referenced = kCustomers;
  key.referenced_columns = {2};
  tables[1].constraints.push_back(key);
  std::swap(tables[0], tables[1]);
  const auto catalog = catalog_of(tables);
  server.keeper.follow(catalog);
  server.answer_all();
  EXPECT_EQ(server.label(kOrders, 2).decision.cls, Class::kEmail);
  // A word on the one is one on the other.
  server.keeper.set_corrections({{"public", "customers", "email", Class::kNone, "alice"}});
  EXPECT_EQ(server.label(kCustomers, 2).decision.shape, Shape::kNone);
  server.answer_all();
  EXPECT_EQ(server.label(kOrders, 2).decision.shape, Shape::kNone);
}

TEST(LabelKeeper, CorrectionsCountAtOnceAndCanBeTakenBack) {
  Server server;
  const auto catalog = catalog_of(kTables());
  ASSERT_TRUE(server.know(catalog, {kCustomers, kOrders}));
  const size_t asked = server.texts.size();
  const uint64_t version = server.keeper.version();
  server.keeper.set_corrections({{"public", "customers", "email", Class::kNone, "alice"},
                                 {"public", "orders", "colour", Class::kReligion, "bob"},
                                 {"other", "orders", "id", Class::kPhone, "bob"}});
  EXPECT_NE(server.keeper.version(), version);
  EXPECT_FALSE(server.label(kCustomers, 2).masked());
  EXPECT_FALSE(server.label(kCustomers, 2).unproven);
  EXPECT_EQ(server.label(kCustomers, 2).corrected_by, "alice");
  EXPECT_EQ(server.label(kOrders, 2).decision.cls, Class::kReligion);
  EXPECT_FALSE(server.label(kOrders, 1).masked());
  server.keeper.set_corrections({});
  EXPECT_EQ(server.label(kCustomers, 2).decision.cls, Class::kEmail);
  EXPECT_EQ(server.label(kCustomers, 2).corrected_by, "");
  EXPECT_EQ(server.texts.size(), asked) << "no value was read for it";
}

TEST(LabelKeeper, PartitionsAndParentsGoTogether) {
  Server server;
  auto tables = kTables();
  tables[0].kind = catalog::RelationKind::kPartitionedTable;
  tables[0].columns[1].name = "f1";
  tables[0].children = {kPart};
  auto part = relation(kPart, "customers_1", {column(1, "f1"), column(2, "id", "integer")});
  part.parents = {kCustomers};
  part.columns[0].comment = "email";
  tables.push_back(part);
  server.values.assign(30, "x");
  const auto catalog = catalog_of(tables);
  server.keeper.follow(catalog);
  server.answer_all();
  server.keeper.set_corrections({{"public", "customers", "f1", Class::kPassport, "alice"}});
  EXPECT_EQ(server.label(kCustomers, 2).decision.cls, Class::kPassport);
  EXPECT_EQ(server.label(kPart, 1).decision.cls, Class::kPassport);
  server.keeper.set_corrections({{"public", "customers", "f1", Class::kPassport, "alice"},
                                 {"public", "customers_1", "f1", Class::kNone, "alice"}});
  EXPECT_EQ(server.label(kPart, 1).decision.shape, Shape::kNone) << "the nearest counts";
}

TEST(LabelKeeper, LooksAgainAtWhatHasBeenFilled) {
  Server server;
  auto tables = kTables();
  tables[1].columns[1] = column(2, "f1");
  const auto catalog = catalog_of(tables);
  server.keeper.look(nullptr);
  server.keeper.follow(catalog);
  server.answer_all();
  EXPECT_EQ(server.keeper.current()->table(kOrders)->sampled, 0U);
  const auto look = [&] {
    const size_t before = server.texts.size();
    server.keeper.look(catalog);
    server.answer_all();
    return server.texts.size() - before - 1;
  };
  EXPECT_EQ(look(), 0U);
  for (int i = 0; i < 50; ++i) server.values.push_back("user" + std::to_string(i) + "@example.com");
  server.written[kOrders] = 50;
  EXPECT_EQ(look(), 1U);
  EXPECT_THAT(server.texts.back(), Not(HasSubstr("customers")));
  EXPECT_EQ(server.label(kOrders, 2).decision.cls, Class::kEmail);
  EXPECT_EQ(look(), 0U);
  server.values.resize(40, "");
  server.values.insert(server.values.end(), 400, "a@example.com");
  server.written[kOrders] = 1000;
  EXPECT_EQ(look(), 1U);
  server.written[kOrders] = 1400;
  EXPECT_EQ(look(), 0U) << "old by now, and little has changed";
  server.written[kOrders] = 1600;
  EXPECT_EQ(look(), 1U);
}

TEST(LabelKeeper, NewsThatChangeNothingAreNone) {
  Server server;
  const auto catalog = catalog_of(kTables());
  server.values.assign(300, "10");
  server.keeper.follow(catalog);
  server.answer_all();
  const uint64_t version = server.keeper.version();
  server.values.push_back("11");
  server.written[kOrders] = 1;
  server.keeper.look(catalog);
  server.answer_all();
  EXPECT_EQ(server.texts.size(), 3U);
  EXPECT_EQ(server.keeper.version(), version);
}

TEST(LabelKeeper, KnowsTheSystemAndLeavesViewsAlone) {
  Server server;
  auto tables = kTables();
  tables.push_back(
      relation(kStatistic, "pg_statistic", {column(1, "stanullfrac"), column(2, "stavalues1")}));
  tables.push_back(relation(kView, "v", {column(1, "email")}));
  tables.back().kind = catalog::RelationKind::kView;
  ASSERT_TRUE(server.know(catalog_of(tables), {kStatistic, kView, 99999}));
  EXPECT_TRUE(server.texts.empty());
  EXPECT_TRUE(server.label(kStatistic, 2).hidden);
  EXPECT_TRUE(server.label(kStatistic, 2).masked());
  EXPECT_FALSE(server.label(kStatistic, 1).masked());
  EXPECT_EQ(server.keeper.current()->table(kView), nullptr);
  server.keeper.set_corrections(
      {{"pg_catalog", "pg_statistic", "stavalues1", Class::kNone, "eve"}});
  EXPECT_TRUE(server.label(kStatistic, 2).hidden);
}

TEST(LabelKeeper, TemporaryTablesAreKnownByTheirNames) {
  Server server;
  auto tables = kTables();
  tables[0].persistence = 't';
  ASSERT_TRUE(server.know(catalog_of(tables), {kCustomers}));
  EXPECT_TRUE(server.texts.empty());
  EXPECT_EQ(server.label(kCustomers, 2).decision.cls, Class::kEmail);
}

TEST(SampleQuery, QuotesAndBoundsWhatItReads) {
  auto large = relation(kOrders, "od\"d", {column(1, "a\"b")});
  large.estimated_rows = 1'000'000;
  const auto catalog = catalog_of({large});
  const auto text = sample_query(*catalog, {whole_sample(catalog->relations()[0])});
  EXPECT_THAT(text,
              HasSubstr("pg_catalog.pg_column_size(t.\"a\"\"b\") OPERATOR(pg_catalog.<=) 8000 "
                        "THEN t.\"a\"\"b\" END"));
  EXPECT_THAT(text, HasSubstr("FROM \"public\".\"od\"\"d\" AS t TABLESAMPLE SYSTEM (0.2"));
  EXPECT_THAT(text, HasSubstr("row_security = off"));
}

TEST(ClassifierInput, ReadsBytesThatAreTextAndResolvesTypes) {
  auto table = relation(kOrders, "t",
                        {column(1, "b", "bytea"), column(2, "d", "mail"), column(3, "c", "pair")});
  table.columns[1].type = 17000;
  table.columns[2].type = 17001;
  auto row = relation(17002, "pair", {column(1, "left"), column(2, "right")});
  row.kind = catalog::RelationKind::kCompositeType;
  catalog::Catalog::Contents contents;
  contents.relations = {table, row};
  contents.types.resize(3);
  contents.types[0].oid = 25;
  contents.types[0].name = "text";
  contents.types[1].oid = 17000;
  contents.types[1].kind = 'd';
  contents.types[1].base = 25;
  contents.types[2].oid = 17001;
  contents.types[2].kind = 'c';
  contents.types[2].relation = 17002;
  const catalog::Catalog catalog(std::move(contents));
  const auto& relation = *catalog.relation(kOrders);
  Sample sample;
  sample.rows = {{"\\x6162", "x", "(1,2)"}, {"\\xff00", std::nullopt, "(1,2)"}};
  const auto input = classifier_input(catalog, relation, whole_sample(relation), &sample);
  EXPECT_EQ(input.columns[0].sample[0], "ab");
  EXPECT_EQ(input.columns[0].sample[1], "\\xff00");
  EXPECT_EQ(input.columns[1].type, "text");
  EXPECT_EQ(input.columns[1].sample[1], std::nullopt);
  EXPECT_THAT(input.columns[2].parts, ElementsAre("left", "right"));
  EXPECT_GE(input.year, 2026);
}

}  // namespace
}  // namespace sluice::gateway
