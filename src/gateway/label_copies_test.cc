// LabelKeeper: classes that go along to where statements copy values.
#include <gmock/gmock.h>

#include "gateway/label_keeper_fixture.h"

namespace sluice::gateway {
namespace {

using namespace label_keeper_tests;
using privacy::Class;
using ::testing::ElementsAre;

std::vector<privacy::Copy> carried(const LabelKeeper& keeper, bool waits = false) {
  bool more = false;
  auto out = keeper.carried(more);
  EXPECT_EQ(more, waits);
  return out;
}

TEST(LabelKeeper, ACopyTakesItsClassAlong) {
  Server server;
  server.values = {"red", "blue"};
  ASSERT_TRUE(server.know(catalog_of(kTables()), {kCustomers, kOrders}));
  const std::string table = server.keeper.current()->table(kOrders)->name;
  const std::string column = server.label(kOrders, 2).name;
  ASSERT_EQ(server.label(kOrders, 2).decision.cls, Class::kNone);
  const uint64_t before = server.keeper.version();
  const privacy::Copy copy{"public", table, column, 0, Class::kEmail, "public.customers.email",
                           true};
  server.keeper.carry({copy, copy});
  EXPECT_NE(server.keeper.version(), before);
  EXPECT_EQ(server.label(kOrders, 2).decision.cls, Class::kEmail);
  EXPECT_TRUE(server.label(kOrders, 2).masked());
  EXPECT_THAT(carried(server.keeper), ElementsAre(copy));

  // Spelt by its place too, it is kept once.
  server.keeper.carry({{"public", table, "", 2, Class::kEmail, "public.customers.email", true}});
  EXPECT_EQ(carried(server.keeper).size(), 1U);

  const uint64_t once = server.keeper.version();
  server.keeper.carry({copy});
  EXPECT_EQ(server.keeper.version(), once) << "nothing new";

  server.keeper.set_corrections(
      {{"public", table, column, Class::kEmail, "copy of public.customers.email"}});
  EXPECT_THAT(carried(server.keeper), ElementsAre());
  EXPECT_EQ(server.label(kOrders, 2).decision.cls, Class::kEmail);
  EXPECT_THAT(server.label(kOrders, 2).decision.evidence,
              ElementsAre("copy of public.customers.email"));

  // People's word counts more, now and when it is copied again.
  server.keeper.set_corrections({{"public", table, column, Class::kNone, "dora"}});
  server.keeper.carry({copy});
  EXPECT_EQ(server.label(kOrders, 2).decision.cls, Class::kNone);
}

TEST(LabelKeeper, ACopyToATableThatIsMadeIsKnownByItsPlace) {
  Server server;
  server.values = {"red", "blue"};
  const auto catalog = catalog_of(kTables());
  const std::string table = catalog->relation(kOrders)->name;
  server.keeper.carry({{"public", table, "", 2, Class::kEmail, "public.customers.email", true}});
  EXPECT_THAT(carried(server.keeper, true), ElementsAre()) << "it is not there yet";
  ASSERT_TRUE(server.know(catalog, {kOrders}));
  EXPECT_EQ(server.label(kOrders, 1).decision.cls, Class::kNone);
  EXPECT_EQ(server.label(kOrders, 2).decision.cls, Class::kEmail);
  ASSERT_EQ(carried(server.keeper).size(), 1U);
  EXPECT_EQ(carried(server.keeper)[0].column, server.label(kOrders, 2).name);
}

TEST(LabelKeeper, ACopyIntoAPartitionIsReadThroughItsParent) {
  Server server;
  server.values = {"red", "blue"};
  auto tables = kTables();
  auto part = relation(kPart, "part", tables[1].columns);
  part.parents = {kOrders};
  tables[1].children = {kPart};
  tables.push_back(part);
  ASSERT_EQ(tables[1].oid, kOrders);
  const auto catalog = catalog_of(tables);
  server.keeper.follow(catalog);
  ASSERT_TRUE(server.know(catalog, {kOrders, kPart}));
  const std::string column = server.label(kOrders, 2).name;
  const privacy::Copy copy{"public", "part", column, 0, Class::kEmail, "public.a.email", true};
  server.keeper.carry({copy});
  EXPECT_EQ(server.label(kPart, 2).decision.cls, Class::kEmail);
  EXPECT_EQ(server.label(kOrders, 2).decision.cls, Class::kEmail);
  EXPECT_THAT(carried(server.keeper), ElementsAre(copy));
  // Kept, it says the same.
  server.keeper.set_corrections(
      {{"public", "part", column, Class::kEmail, "copy of public.a.email"}});
  EXPECT_EQ(server.label(kOrders, 2).decision.cls, Class::kEmail);
  // People's word on the whole is the last one.
  server.keeper.set_corrections(
      {{"public", "part", column, Class::kEmail, "copy of public.a.email"},
       {"public", tables[1].name, column, Class::kNone, "dora"}});
  EXPECT_EQ(server.label(kOrders, 2).decision.cls, Class::kNone);
  EXPECT_EQ(server.label(kPart, 2).decision.cls, Class::kEmail);
}

TEST(LabelKeeper, WhatGetsAnotherNameIsStillACopy) {
  Server server;
  server.values = {"red", "blue"};
  auto tables = kTables();
  ASSERT_TRUE(server.know(catalog_of(tables), {kOrders}));
  const std::string column = server.label(kOrders, 2).name;
  server.keeper.carry(
      {{"public", tables[1].name, column, 0, Class::kEmail, "public.a.email", true}});
  tables[1].columns[1].name = "renamed";
  ASSERT_TRUE(server.know(catalog_of(tables), {kOrders}));
  EXPECT_EQ(server.label(kOrders, 2).decision.cls, Class::kEmail);
  tables[1].name = "moved";
  ASSERT_TRUE(server.know(catalog_of(tables), {kOrders}));
  EXPECT_EQ(server.label(kOrders, 2).name, "renamed");
  EXPECT_EQ(server.label(kOrders, 2).decision.cls, Class::kEmail);
  EXPECT_EQ(server.label(kOrders, 1).decision.cls, Class::kNone);
}

TEST(LabelKeeper, RowsThatComeLaterMakeNothingMoreVisible) {
  Server server;
  server.values.assign(60, "219-09-9999");
  auto tables = kTables();
  tables[1].columns[1].name = "col7";
  const auto catalog = catalog_of(tables);
  server.keeper.follow(catalog);
  ASSERT_TRUE(server.know(catalog, {kOrders}));
  ASSERT_EQ(server.label(kOrders, 2).decision.cls, Class::kUsSsn);
  // Somebody who may not see them puts others beside them.
  server.values.assign(300, "part 7");
  for (const int written : {300, 700}) {
    server.written[kOrders] = written;
    server.keeper.look(catalog);
    server.answer_all();
    EXPECT_EQ(server.label(kOrders, 2).decision.cls, Class::kUsSsn);
    EXPECT_TRUE(server.label(kOrders, 2).masked());
  }
  ASSERT_FALSE(server.label(kOrders, 2).decision.evidence.empty());
  EXPECT_EQ(server.label(kOrders, 2).decision.evidence[0], "found in its earlier rows");
  // People know better.
  server.keeper.set_corrections({{"public", tables[1].name, "col7", Class::kNone, "dora"}});
  EXPECT_FALSE(server.label(kOrders, 2).masked());
}

TEST(LabelKeeper, WhatPeopleSaidHoldsUnderAnotherName) {
  Server server;
  server.values = {"red", "blue"};
  auto tables = kTables();
  ASSERT_TRUE(server.know(catalog_of(tables), {kOrders}));
  const std::string column = server.label(kOrders, 2).name;
  server.keeper.set_corrections({{"public", tables[1].name, column, Class::kUsSsn, "dora"}});
  tables[1].columns[1].name = "renamed";
  ASSERT_TRUE(server.know(catalog_of(tables), {kOrders}));
  EXPECT_EQ(server.label(kOrders, 2).decision.cls, Class::kUsSsn);
  EXPECT_TRUE(server.label(kOrders, 2).masked());
}

}  // namespace
}  // namespace sluice::gateway
