#include "sql/acting.h"

#include <gtest/gtest.h>

#include "sql/parse_tree.h"

namespace sluice::sql {
namespace {

/// Whether the expressions that a SELECT returns act.
bool act(const std::string& expressions) {
  simdjson::dom::parser parser;
  const ParseTree tree = parse_sql("SELECT " + expressions);
  EXPECT_EQ(tree.error, "") << expressions;
  Node root;
  EXPECT_EQ(parser.parse(simdjson::padded_string(tree.json)).get(root), simdjson::SUCCESS);
  return acts(root);
}

TEST(Acting, ByEffectsFailuresAndThePlan) {
  for (const char* one : {"set_config('a', 'b', false)", "nextval('s')", "1 / (id - 7)", "id + 1",
                          "(SELECT 1)", "x::int", "x LIKE 'a'", "mine.lower(x)", "a AND f(b)",
                          "coalesce(a, upper(f(b)))", "ROW(a, f(b)) < ROW(1, 2)", "a = ANY (b)"})
    EXPECT_TRUE(act(one)) << one;
}

TEST(Acting, NotWhatOnlyReturns) {
  for (const char* one : {"a", "1", "'x'", "a AND b", "a = 1 OR b < 2", "upper(a) || 'x'",
                          "coalesce(a, b, 'c')", "a IS NULL", "date '2020-01-01'", "x::text",
                          "a->>'b'", "b BETWEEN 1 AND 2", "a IN (1, 2)", "CASE WHEN a THEN b END"})
    EXPECT_FALSE(act(one)) << one;
}

}  // namespace
}  // namespace sluice::sql
