// What copies say of columns, beside what was found in them.
#include "privacy/labels.h"

#include <gtest/gtest.h>

namespace sluice::privacy {
namespace {

TableLabels table(Shape shape = Shape::kNone, Class cls = Class::kNone, bool unproven = false) {
  TableLabels out;
  out.schema = "public";
  out.name = "notes";
  ColumnLabel& label = out.columns.emplace_back();
  label.number = 1;
  label.name = "body";
  label.decision.shape = shape;
  label.decision.cls = cls;
  label.unproven = unproven;
  return out;
}

Copy copy(Class cls, bool alone = true) {
  return {"public", "notes", "body", 0, cls, "public.people." + std::string(info(cls).name), alone};
}

TEST(CopiedClasses, OneOfAPlainColumnIsAllThatItHolds) {
  auto notes = table();
  carry(notes, {copy(Class::kEmail)});
  EXPECT_EQ(notes.columns[0].decision.cls, Class::kEmail);
  EXPECT_FALSE(notes.columns[0].mixed);
  carry(notes, {copy(Class::kEmail)});
  EXPECT_FALSE(notes.columns[0].mixed) << "the same once more";
}

TEST(CopiedClasses, OfSeveralAllHaveToBeShown) {
  auto notes = table();
  carry(notes, {copy(Class::kEmail), copy(Class::kIban)});
  EXPECT_TRUE(notes.columns[0].mixed);
  // Kept as a correction, and another one comes later.
  notes = table();
  correct(notes, {{"public", "notes", "body", Class::kEmail, "copy of public.people.email"}});
  EXPECT_FALSE(notes.columns[0].mixed);
  carry(notes, {copy(Class::kIban)});
  EXPECT_TRUE(notes.columns[0].mixed);
  notes = table();
  correct(notes, {{"public", "notes", "body", Class::kIban,
                   "copy of public.people.iban" + std::string(kWithOthers)}});
  EXPECT_TRUE(notes.columns[0].mixed);
}

TEST(CopiedClasses, WhatWasSearchedOrProvesNothingMayHoldMore) {
  for (auto notes :
       {table(Shape::kFreeText), table(Shape::kStructured), table(Shape::kWhole, Class::kUsSsn),
        table(Shape::kNone, Class::kNone, true)}) {
    auto corrected = notes;
    correct(corrected, {{"public", "notes", "body", Class::kEmail, "copy of public.people.email"}});
    EXPECT_TRUE(corrected.columns[0].mixed);
    if (notes.columns[0].decision.shape == Shape::kWhole) continue;
    carry(notes, {copy(Class::kEmail)});
    EXPECT_TRUE(notes.columns[0].mixed);
  }
}

TEST(CopiedClasses, APersonsWordIsTheLast) {
  auto notes = table(Shape::kFreeText);
  correct(notes, {{"public", "notes", "body", Class::kEmail, "dora"}});
  EXPECT_FALSE(notes.columns[0].mixed);
  carry(notes, {copy(Class::kIban)});
  EXPECT_EQ(notes.columns[0].decision.cls, Class::kEmail);
  EXPECT_FALSE(notes.columns[0].mixed);
}

}  // namespace
}  // namespace sluice::privacy
