#include "mask/copied.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/analyse.h"
#include "sql/sample_catalog.h"

namespace sluice::mask {
namespace {

using privacy::Class;
using privacy::Copy;
using privacy::Shape;
using testing::ElementsAre;
using testing::IsEmpty;

/// users.email is sensitive, log.what is a text in which parts may be; the rest is harmless.
privacy::Labels labels(const catalog::Catalog& catalog) {
  privacy::Labels::Tables tables;
  for (const auto& relation : catalog.relations()) {
    if (auto known = privacy::built_in_labels(relation)) {
      tables.emplace(relation.oid, std::make_shared<const privacy::TableLabels>(std::move(*known)));
      continue;
    }
    auto table = std::make_shared<privacy::TableLabels>();
    table->schema = relation.schema;
    table->name = relation.name;
    for (const auto& column : relation.columns) {
      auto& label = table->columns.emplace_back();
      label.number = column.number;
      label.name = column.name;
      if (relation.name == "log" && column.name == "what") label.decision.shape = Shape::kFreeText;
      if (relation.name != "users" || column.name != "email") continue;
      label.decision.shape = Shape::kWhole;
      label.decision.cls = Class::kEmail;
    }
    tables.emplace(relation.oid, std::move(table));
  }
  return privacy::Labels(std::move(tables));
}

std::vector<Copy> of(std::string_view text, const std::vector<Copy>& held = {}) {
  static const auto catalog = sql::SampleCatalog::make();
  static const auto known = labels(*catalog);
  const auto facts = sql::analyse(text, {}, {catalog, {"pg_temp_3", "pg_catalog", "public"}});
  EXPECT_EQ(facts->unanalysable, "") << text;
  return copied(*facts, *catalog, known, held);
}

std::vector<std::string> places(const std::vector<Copy>& copies) {
  std::vector<std::string> out;
  for (const Copy& copy : copies)
    out.push_back(copy.table + "." + copy.column + (copy.alone ? " alone" : ""));
  return out;
}

constexpr std::string_view kOn = "INSERT INTO log (who) SELECT a FROM scratch";

TEST(Copied, GoesOnByTheTemporaryTablesThatHoldIt) {
  std::vector<Copy> held;
  EXPECT_THAT(of(kOn, held), IsEmpty());
  hold(held, of("INSERT INTO scratch SELECT email FROM users"));
  EXPECT_THAT(places(of(kOn, held)), ElementsAre("log.who alone"));
}

TEST(Copied, NothingThatASessionHoldsIsForgotten) {
  std::vector<Copy> held;
  hold(held, of("INSERT INTO scratch SELECT email FROM users"));
  for (size_t i = 0; i < 2 * kMostHeld; ++i) {
    auto other = held.front();
    other.table = "other" + std::to_string(i);
    hold(held, {other});
    ASSERT_LE(held.size(), kMostHeld);
    ASSERT_THAT(places(of(kOn, held)), ElementsAre("log.who alone")) << i;
  }
  // Of any class then, and in a text too, as nothing of it need be found there.
  const auto copies = of("INSERT INTO log (what) SELECT a || '.' FROM scratch", held);
  ASSERT_THAT(places(copies), ElementsAre("log.what alone"));
  EXPECT_TRUE(copies.front().from.ends_with(privacy::kWithOthers));
}

TEST(Copied, WhatWasDisguisedOnTheWayStaysSo) {
  std::vector<Copy> held;
  hold(held, of("INSERT INTO scratch SELECT reverse(what) FROM log"));
  EXPECT_THAT(places(of("INSERT INTO log (what) SELECT a || '.' FROM scratch", held)),
              ElementsAre("log.what alone"));
}

TEST(Copied, WhatIsMadeOfAColumnIsForThoseWhoMaySeeEverything) {
  const auto reversed = of("INSERT INTO log (what) SELECT reverse(email) FROM users");
  ASSERT_THAT(places(reversed), ElementsAre("log.what alone"));
  EXPECT_TRUE(reversed.front().from.ends_with(privacy::kWithOthers)) << reversed.front().from;
  const auto upper = of("INSERT INTO log (what) SELECT upper(email) FROM users");
  ASSERT_THAT(places(upper), ElementsAre("log.what alone"));
  EXPECT_EQ(upper.front().from, "public.users.email");
}

TEST(Copied, AWholeLargeObjectIsSearchedWhereItLies) {
  for (const std::string whole : {"lo_get(id)", "convert_from(lo_get(id), 'UTF8')"}) {
    EXPECT_THAT(of("INSERT INTO log (what) SELECT " + whole + " FROM users"), IsEmpty()) << whole;
    EXPECT_THAT(of("CREATE TABLE made AS SELECT " + whole + " AS c FROM users"), IsEmpty());
  }
  for (const std::string part : {"lo_get(id, '0', '4')", "reverse(lo_get(id)::text)"}) {
    EXPECT_THAT(places(of("INSERT INTO log (what) SELECT " + part + " FROM users")),
                ElementsAre("log.what alone"))
        << part;
  }
}

}  // namespace
}  // namespace sluice::mask
