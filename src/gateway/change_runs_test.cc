#include "gateway/change_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

using ::testing::HasSubstr;

policy::Decision held_by(std::vector<std::string> rules, unsigned people = 1) {
  policy::Decision decision;
  decision.effect = policy::Effect::kHold;
  for (auto& rule : rules) {
    auto spec = std::make_shared<policy::ApprovalSpec>();
    spec->rule = std::move(rule);
    spec->stages = {{{"dba"}, people}};
    decision.holds.push_back(std::move(spec));
  }
  return decision;
}

class ChangeRunTest : public ::testing::Test {
 protected:
  ChangeRun run{
      "12", {"DROP TABLE a", "DROP TABLE b"}, {{{"drops", {{{"dba"}, 1}}}}, {}, "", 0, ""}};
};

TEST_F(ChangeRunTest, TheNextStepPassesByteForByte) {
  EXPECT_THAT(run.objection(7, "DROP TABLE a", held_by({"drops"})), HasSubstr("not the step"));
  run.begin(0);
  EXPECT_EQ(run.label(), "12 step 1 of 2");
  EXPECT_EQ(run.objection(7, "DROP TABLE a", held_by({"drops"})), "");
  EXPECT_THAT(run.objection(7, "DROP TABLE  a", held_by({"drops"})), HasSubstr("not the step"));
  EXPECT_THAT(run.objection(7, "DROP TABLE b", held_by({"drops"})), HasSubstr("not the step"))
      << "steps come in their order";
  run.begin(1);
  EXPECT_THAT(run.objection(7, "DROP TABLE a", held_by({"drops"})), HasSubstr("not the step"));
  EXPECT_EQ(run.objection(7, "DROP TABLE b", held_by({"drops"})), "");
  run.pause();
  EXPECT_EQ(run.label(), "12");
  EXPECT_THAT(run.objection(7, "DROP TABLE b", held_by({"drops"})), HasSubstr("not the step"));
}

TEST_F(ChangeRunTest, OnlyForTheRulesThatWereAskedAbout) {
  run.begin(0);
  EXPECT_THAT(run.objection(7, "DROP TABLE a", held_by({"drops", "ledger"})),
              HasSubstr("not approved for rule \"ledger\""));
  EXPECT_THAT(run.objection(7, "DROP TABLE a", held_by({"drops"}, 2)),
              HasSubstr("not approved for rule \"drops\""))
      << "a rule that asks for more people by now is another one";
}

TEST_F(ChangeRunTest, AnotherSessionDoesNotGoOnWithIt) {
  run.begin(0);
  EXPECT_EQ(run.objection(7, "DROP TABLE a", held_by({"drops"})), "");
  EXPECT_THAT(run.objection(8, "DROP TABLE a", held_by({"drops"})), HasSubstr("another session"));
}

TEST(ChangeRuns, AreFoundByTheirCredentialUntilTheyEnd) {
  ChangeRuns runs;
  const auto run =
      std::make_shared<ChangeRun>("3", std::vector<std::string>{"SELECT 1"}, ApprovedChange{});
  runs.add("cred", run);
  EXPECT_EQ(runs.find("cred"), run);
  EXPECT_EQ(runs.find("other"), nullptr);
  run->begin(0);
  runs.remove("cred");
  EXPECT_EQ(runs.find("cred"), nullptr);
  EXPECT_THAT(run->objection(1, "SELECT 1", held_by({})), HasSubstr("not the step"))
      << "a session that goes on may do nothing more";
}

}  // namespace
}  // namespace sluice::gateway
