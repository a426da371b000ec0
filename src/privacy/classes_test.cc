#include "privacy/classes.h"

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace sluice::privacy {
namespace {

TEST(Classes, HaveNamesOfTheirOwnThatLeadBack) {
  std::set<std::string_view> names;
  for (const ClassInfo& each : classes()) {
    EXPECT_TRUE(names.insert(each.name).second) << each.name;
    EXPECT_EQ(find_class(each.name), each.id);
    EXPECT_EQ(name(each.id), each.name);
    EXPECT_FALSE(each.about.empty()) << each.name;
    EXPECT_EQ(each.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos);
  }
  EXPECT_EQ(find_class("none"), Class::kNone);
  EXPECT_EQ(find_class("None"), std::nullopt);
  EXPECT_EQ(find_class(""), std::nullopt);
}

TEST(Classes, WhatOpensDoorsIsGuardedMost) {
  for (const ClassInfo& each : classes()) {
    if (each.category != Category::kCredential) continue;
    EXPECT_EQ(each.strength, Strength::kHigh) << each.name;
    EXPECT_TRUE(is_credential(each.id));
  }
  EXPECT_FALSE(is_credential(Class::kNone));
  EXPECT_FALSE(masked_by_default(Class::kNone));
  EXPECT_TRUE(masked_by_default(Class::kEmail));
}

TEST(Classes, DocumentationNamesEachWithItsDefaults) {
  std::ifstream in(SLUICE_SOURCE_DIR "/docs/masking.md");
  std::stringstream text;
  text << in.rdbuf();
  const std::string doc = text.str();
  for (const ClassInfo& each : classes()) {
    std::string row = "| `";
    row.append(each.name).append("` | ").append(name(each.category)).append(" | ");
    row.append(name(each.strength)).append(" | ").append(name(each.method)).append(" | ");
    row.append(each.about).append(" |");
    EXPECT_NE(doc.find(row), std::string::npos) << "docs/masking.md lacks: " << row;
  }
}

}  // namespace
}  // namespace sluice::privacy
