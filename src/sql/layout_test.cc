#include "sql/layout.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sluice::sql {
namespace {

TEST(Layout, ClausesGoOnLinesOfTheirOwn) {
  EXPECT_EQ(laid_out("SELECT o.id, c.name FROM orders o LEFT JOIN customers c ON c.id = o.customer "
                     "WHERE o.total BETWEEN 1 AND 10 AND o.id IN (SELECT id FROM late WHERE days > "
                     "3) ORDER BY 1 LIMIT 5"),
            "SELECT o.id, c.name\n"
            "FROM orders o\n"
            "LEFT JOIN customers c ON c.id = o.customer\n"
            "WHERE o.total BETWEEN 1 AND 10\n"
            "  AND o.id IN (SELECT id\n"
            "  FROM late\n"
            "  WHERE days > 3)\n"
            "ORDER BY 1\n"
            "LIMIT 5");
}

TEST(Layout, WordsThatBeginNoClauseStay) {
  const std::string text =
      "UPDATE t SET a = extract(year FROM b) WHERE c IS DISTINCT FROM d -- and from here on";
  EXPECT_EQ(laid_out(text),
            "UPDATE t\nSET a = extract(year FROM b)\nWHERE c IS DISTINCT FROM d -- and from here "
            "on");
}

TEST(Layout, WhatHasLinesOrIsShortStays) {
  EXPECT_EQ(laid_out("SELECT 1 FROM t WHERE a"), "SELECT 1 FROM t WHERE a");
  const std::string lines =
      "SELECT 1\nFROM t WHERE a = 1 AND b = 2 AND c = 3 AND d = 4 AND e = 5 AND f";
  EXPECT_EQ(laid_out(lines), lines);
}

RC_GTEST_PROP(Layout, NothingButBlanksChanges, ()) {
  const auto words = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
      "select", "FROM", "where", "(", ")", "'a from b'", "\"set\"", "$$ where $$", "/* from */",
      "-- where", "AND", "between", "x", ",", "'", "E'\\'", "join", "left"));
  std::string text = "SELECT something that is long enough to be laid out, since it is longer than";
  for (const auto& word : words) text += " " + word;
  const std::string laid = laid_out(text);
  const auto bare = [](std::string s) {
    std::erase_if(s, [](char c) { return c == ' ' || c == '\n'; });
    return s;
  };
  RC_ASSERT(bare(laid) == bare(text));
}

}  // namespace
}  // namespace sluice::sql
