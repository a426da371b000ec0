#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/policy.h"
#include "policy/rule.h"

namespace sluice::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::shared_ptr<const ApprovalSpec> read(const std::string& approve) {
  const auto policy = Policy::parse(
      "rules:\n  - { name: wait, effect: hold, do: [drop], approve: " + approve + " }\n", "p.yaml");
  EXPECT_TRUE(policy) << policy.error().text;
  return policy ? (*policy)->rules().front().approve : nullptr;
}

std::string problem(const std::string& rule) {
  const auto policy = Policy::parse("rules:\n  - " + rule + "\n", "p.yaml");
  return policy ? "" : policy.error().text;
}

TEST(Approve, OneOfAGroup) {
  const auto spec = read("{ by: [dba, leads] }");
  ASSERT_EQ(spec->stages.size(), 1U);
  EXPECT_THAT(spec->stages[0].groups, ElementsAre("dba", "leads"));
  EXPECT_EQ(spec->stages[0].people, 1U);
  EXPECT_EQ(spec->rule, "wait");
  EXPECT_EQ(spec->wait, std::chrono::minutes(5));
  EXPECT_EQ(spec->valid, std::chrono::hours(1));
  EXPECT_EQ(spec->automatic, nullptr);
}

TEST(Approve, StagesAndTheRest) {
  const auto spec = read(
      "{ stages: [ { by: leads }, { by: [dba], people: 2 } ], wait: 0s, valid: 2h, max_rows: 7, "
      "automatic: { who: { groups: [dba] }, lint: clean } }");
  ASSERT_EQ(spec->stages.size(), 2U);
  EXPECT_EQ(spec->stages[1].people, 2U);
  EXPECT_EQ(spec->wait, Duration::zero());
  EXPECT_EQ(spec->max_rows, 7U);
  EXPECT_TRUE(spec->lint_clean);
  EXPECT_TRUE(spec->automatic->who.groups);
}

TEST(Approve, WhoIsOnCallAndWhoIsAskedLater) {
  const auto spec = read(
      "{ by: [dba], on_call: [ { days: [mon-fri], from: \"09:00\", to: \"17:00\", zone: "
      "Europe/Berlin, by: [day] }, { by: [night] } ], escalate: [ { after: 10m, to: [leads] } ] }");
  const auto& stage = spec->stages.at(0);
  ASSERT_EQ(stage.on_call.size(), 2U);
  // A Wednesday, 10:00 in Berlin.
  const int64_t wednesday = *parse_moment("2026-11-25T10:00:00+01:00");
  EXPECT_THAT(stage.groups_at(wednesday, wednesday), ElementsAre("day", "night"));
  EXPECT_THAT(stage.groups_at(wednesday, *parse_moment("2026-11-25T17:00:00+01:00")),
              ElementsAre("night", "leads"));
  EXPECT_THAT(stage.groups_ever(), ElementsAre("dba", "day", "night", "leads"));
  EXPECT_EQ(stage, read("{ by: [dba], on_call: [ { days: [mon-fri], from: \"09:00\", to: "
                        "\"17:00\", zone: Europe/Berlin, by: [day] }, { by: [night] } ], "
                        "escalate: [ { after: 10m, to: [leads] } ] }")
                       ->stages.at(0));
  EXPECT_FALSE(stage == read("{ by: [dba] }")->stages.at(0));
}

TEST(Approve, ProblemsAreSaidWithTheirPlace) {
  for (const auto& [rule, text] : {
           std::pair{"{ name: a, effect: hold, do: [drop], approve: {} }", "expected the groups"},
           {"{ name: a, effect: deny, do: [drop], approve: { by: [dba] } }", "rules that hold"},
           {"{ name: a, effect: hold, do: [drop], approve: { by: [dba], people: 0 } }", "people"},
           {"{ name: a, effect: hold, do: [drop], approve: { by: [dba], valid: 0s } }",
            "at least 1s"},
           {"{ name: a, effect: hold, do: [drop], approve: { by: [dba], wait: 90d } }",
            "at most 30d"},
           {"{ name: a, effect: hold, do: [drop], approve: { by: [dba], max_rows: few } }",
            "number of rows"},
           {"{ name: a, effect: hold, do: [drop], approve: { by: [dba], automatic: {} } }",
            "is empty"},
           {"{ name: a, effect: hold, do: [drop], approve: { by: [dba], automatic: { lint: ok } } "
            "}",
            "clean"},
           {"{ name: a, effect: hold, do: [drop], approve: { by: [dba], stages: [{ by: [x] }] } }",
            "its own"},
           {"{ name: a, effect: hold, do: [drop], approve: { by: [dba], whom: x } }", "whom"},
           {"{ name: a, effect: hold, do: [drop], approve: { by: [dba], on_call: [{ by: [x], zone: "
            "Mars }] } }",
            "unknown time zone"},
           {"{ name: a, effect: hold, do: [drop], approve: { by: [dba], on_call: [{ zone: UTC }] } "
            "}",
            "expected the groups"},
           {"{ name: a, effect: hold, do: [drop], approve: { by: [dba], escalate: [{ to: [x] }] } "
            "}",
            "such as 10m"},
           {"{ name: a, effect: hold, do: [drop], approve: { by: [dba], escalate: [{ after: 90d, "
            "to: [x] }] } }",
            "at most 30d"},
       }) {
    EXPECT_THAT(problem(rule), HasSubstr(text)) << rule;
    EXPECT_THAT(problem(rule), HasSubstr("p.yaml:2:")) << rule;
  }
}

}  // namespace
}  // namespace sluice::policy
