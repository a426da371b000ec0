#include "sql/normalise.h"

#include <optional>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "sql/analyse.h"

namespace sluice::sql {
namespace {

std::optional<std::string> normalised(std::string_view text) {
  std::string out;
  if (!normalise(text, out)) return std::nullopt;
  return out;
}

TEST(Normalise, LeavesOutWhatIsALiteralOnly) {
  EXPECT_EQ(normalised("SELECT a FROM t1 WHERE id = 4"),
            normalised("SELECT a FROM t1 WHERE id = 17"));
  EXPECT_EQ(normalised("SELECT 'x', 1.5"), normalised("SELECT 'it''s; -- \"', 22.0"));
  EXPECT_EQ(normalised("SELECT 1 /* trace=a */"), normalised("SELECT 1 /* 'b */"));
  EXPECT_EQ(normalised("SELECT 'ä'"), normalised("SELECT 'a'"));
}

TEST(Normalise, TellsApartWhatReadsDifferently) {
  const std::string_view texts[] = {
      "SELECT a FROM t1",   "SELECT a FROM t2",     "SELECT A FROM t1", "SELECT 1",
      "SELECT 1.0",         "SELECT '1'",           "SELECT \"1\"",     "SELECT 1 1",
      "SELECT 1,1",         "SELECT - 1",           "SELECT '1' '1'",   "SELECT '1'\n'1'",
      "SELECT /* */ 1",     "SELECT 1234567890.0",  "SELECT a1",        "SELECT /**/ '1'",
      "SELECT \"1 /* */\"", "SELECT \"it's\", 'x'",
  };
  for (const auto a : texts) {
    for (const auto b : texts) {
      if (a.data() != b.data() && normalised(a)) EXPECT_NE(normalised(a), normalised(b)) << a << b;
    }
  }
}

TEST(Normalise, RefusesWhatIsHardToRead) {
  for (const std::string_view text :
       {"SELECT E'a'",       "SELECT U&'a'",       "SELECT b'1'",
        "SELECT N'1'",       "SELECT 'a\\'",       "SELECT $1",
        "SELECT $$a$$",      "SELECT 1 -- c",      "SELECT /* /* */ */ 1",
        "SELECT /* a /*/ 1", "SELECT 'a",          "SELECT \"a",
        "SELECT /* a",       "SELECT 1e5",         "SELECT .5",
        "SELECT 1.",         "SELECT 1..2",        "SELECT 0x1F",
        "SELECT 1_000",      "SELECT 12345678901", "SELECT ä",
        "SELECT \"ä\"",      "SELECT 'a'b",        "SELECT 1a",
        "SELECT U&\"a\"",    "SELECT \1",          "SELECT a$1",
        "SELECT 1'a'"}) {
    EXPECT_EQ(normalised(text), std::nullopt) << text;
  }
  EXPECT_EQ(normalised(std::string_view("SELECT '\0'", 10)), std::nullopt);
}

/// The same text with other literals.
std::string refilled(std::string_view form, unsigned seed) {
  std::string out;
  for (const char c : form) {
    if (c == '\1') {
      out += std::to_string(seed % 3);
    } else if (c == '\2') {
      out += std::to_string(seed % 3) + ".5";
    } else if (c == '\3') {
      out += seed % 2 == 0 ? "'%'" : "'drop; table'''";
    } else if (c == '\4') {
      out += "/* '\" */";
    } else {
      out.push_back(c);
      continue;
    }
    seed = seed * 1103515245 + 12345;
  }
  return out;
}

TEST(Normalise, FactsHoldForAllOfOneForm) {
  const std::string_view texts[] = {
      "DELETE FROM t WHERE id = 1",
      "DELETE FROM t WHERE 1 = 1",
      "DELETE FROM t WHERE id + 1 = id + 1",
      "DELETE FROM t WHERE name LIKE '%'",
      "DELETE FROM t WHERE name LIKE 'a%' OR id IN (1, 2)",
      "UPDATE t SET a = 'x' WHERE id = id * 1",
      "WITH x AS (DELETE FROM t WHERE f(1) = f(2) RETURNING 1) SELECT 'a' FROM x",
      "SELECT 1; DELETE FROM t WHERE (1, id) = (1, id)",
      "INSERT INTO t VALUES (1, 'a', 2.5) /* c */",
      "EXPLAIN (ANALYZE 0) DELETE FROM t",
      "SET search_path = 'a'",
  };
  for (const auto text : texts) {
    const auto form = normalised(text);
    ASSERT_TRUE(form) << text;
    const auto facts = analyse(text, {});
    if (facts->depends_on_literals) continue;
    for (unsigned seed = 0; seed < 50; ++seed) {
      const std::string other = refilled(*form, seed);
      ASSERT_EQ(normalised(other), form);
      const auto others = analyse(other, {});
      EXPECT_EQ(others->kind, facts->kind) << other;
      EXPECT_EQ(others->tables, facts->tables) << other;
      ASSERT_EQ(others->actions.size(), facts->actions.size()) << other;
      for (size_t i = 0; i < facts->actions.size(); ++i) {
        EXPECT_EQ(others->actions[i].without_where, facts->actions[i].without_where) << other;
      }
    }
  }
  EXPECT_TRUE(analyse(texts[2], {})->depends_on_literals);
  EXPECT_TRUE(analyse(texts[3], {})->depends_on_literals);
  EXPECT_TRUE(analyse(texts[9], {})->depends_on_literals);
  EXPECT_FALSE(analyse(texts[0], {})->depends_on_literals);
}

RC_GTEST_PROP(Normalise, TakesAnyBytes, (const std::string& text)) {
  const auto form = normalised(text);
  if (form) RC_ASSERT(normalised(refilled(*form, 7)) == form);
}

}  // namespace
}  // namespace sluice::sql
