#include "yaml/leaves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::yaml {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(Leaves, EveryValueHasAPath) {
  const auto all = leaves(
      "listen: { http: '127.0.0.1:1' }\n"
      "databases:\n"
      "  - { name: orders, masking: false, hosts: [a, b] }\n"
      "  - { name: shop }\n"
      "audit: {}\n");
  ASSERT_TRUE(all) << all.error().text;
  EXPECT_THAT(
      *all, ElementsAre(Pair("audit", "{}"), Pair("databases[orders].hosts[0]", "a"),
                        Pair("databases[orders].hosts[1]", "b"),
                        Pair("databases[orders].masking", "false"),
                        Pair("databases[orders].name", "orders"),
                        Pair("databases[shop].name", "shop"), Pair("listen.http", "127.0.0.1:1")));
}

TEST(Leaves, TwoOfANameAreTwo) {
  const auto all = leaves("a: [{name: x, v: 1}, {name: x, v: 2}]");
  ASSERT_TRUE(all);
  EXPECT_EQ(all->at("a[x].v"), "1");
  EXPECT_EQ(all->at("a[x]'.v"), "2");
}

TEST(Leaves, WhatIsNoDocumentIsAnError) {
  EXPECT_FALSE(leaves("a: [1"));
  EXPECT_FALSE(leaves("a: 1\n---\nb: 2\n"));
}

/// A document may refer to itself again and again; what is told of it is bounded.
TEST(Leaves, AliasesUponAliasesAreBounded) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string of = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int n = 0; n < 10; ++n) text += (n == 0 ? "" : ", ") + of;
    text += "]\n";
  }
  const auto all = leaves(text);
  ASSERT_TRUE(all);
  EXPECT_LE(all->size(), 100'000U);
}

}  // namespace
}  // namespace sluice::yaml
