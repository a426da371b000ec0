#include "change/script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::change {
namespace {

using ::testing::HasSubstr;

std::vector<std::pair<std::string, size_t>> read(std::string_view script) {
  std::vector<std::pair<std::string, size_t>> out;
  const auto steps = read_script(script);
  EXPECT_TRUE(steps) << steps.error().text;
  for (const Step& step : *steps) out.emplace_back(step.text, step.line);
  return out;
}

std::string problem(std::string_view script) {
  const auto steps = read_script(script);
  return steps ? std::string() : steps.error().text;
}

TEST(Script, StepsWithTheirLines) {
  using List = std::vector<std::pair<std::string, size_t>>;
  EXPECT_EQ(read("SELECT 1"), (List{{"SELECT 1", 1}}));
  EXPECT_EQ(read("\n\nSELECT 1;\n  SELECT\n 2 ;;\n\nSELECT ';';\n"),
            (List{{"SELECT 1", 3}, {"SELECT\n 2", 4}, {"SELECT ';'", 7}}));
  EXPECT_EQ(read("DO $$ BEGIN PERFORM 1; PERFORM 2; END $$; SELECT 3"),
            (List{{"DO $$ BEGIN PERFORM 1; PERFORM 2; END $$", 1}, {"SELECT 3", 1}}));
  const auto commented = read("-- first\nSELECT 1; -- one\n-- second\nSELECT 2; -- two\n");
  ASSERT_EQ(commented.size(), 2U);
  EXPECT_EQ(commented[0], (std::pair<std::string, size_t>{"-- first\nSELECT 1", 1}));
  EXPECT_THAT(commented[1].first, HasSubstr("SELECT 2"));
}

TEST(Script, WhatIsWrongHasALine) {
  EXPECT_THAT(problem("SELECT 1;\n\nSELEKT 2;"), HasSubstr("line 3: "));
  EXPECT_THAT(problem(""), HasSubstr("no statement"));
  EXPECT_THAT(problem("-- nothing\n;;"), HasSubstr("no statement"));
  std::string many;
  for (int i = 0; i < 201; ++i) many += "SELECT 1;\n";
  EXPECT_THAT(problem(many), HasSubstr("at most 200"));
}

TEST(Script, LintCountsAsTheScriptDoes) {
  const std::string script = "SELECT 1;\nALTER TABLE t ADD COLUMN c int;\nDROP TABLE u;";
  for (const bool together : {true, false}) {
    const auto findings = lint_script(script, {}, together);
    bool drop = false;
    for (const auto& finding : findings) {
      EXPECT_GE(finding.statement, 1U);
      EXPECT_LE(finding.statement, 3U);
      EXPECT_EQ(finding.line, finding.statement) << finding.message;
      drop = drop || finding.statement == 3;
    }
    EXPECT_TRUE(drop);
  }
}

}  // namespace
}  // namespace sluice::change
