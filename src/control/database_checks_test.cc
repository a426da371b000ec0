#include "control/database_checks.h"

#include <atomic>
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::control {
namespace {

using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(DatabaseChecks, TellsWhatIsWrongAndAsksNoMoreOftenThanNeeded) {
  std::atomic<int> asked = 0;
  DatabaseChecks checks([&](const std::string& name) -> Result<std::string> {
    ++asked;
    if (name == "orders") return "PostgreSQL 15";
    return fail(ErrorCode::kUnavailable, "nobody is there");
  });
  EXPECT_TRUE(checks.begin({"orders", "stock"}));
  EXPECT_THAT(checks.problems({"orders", "stock"}),
              UnorderedElementsAre(Pair("stock", "nobody is there")));
  EXPECT_FALSE(checks.begin({"orders", "stock"})) << "known a moment ago";
  EXPECT_THAT(checks.problems({"orders"}), IsEmpty());
  EXPECT_EQ(asked, 2);
}

TEST(DatabaseChecks, OneThatDoesNotAnswerHoldsUpNobody) {
  std::promise<void> go_on;
  const auto gate = go_on.get_future().share();
  std::atomic<int> asked = 0;
  DatabaseChecks checks(
      [&, gate](const std::string& name) -> Result<std::string> {
        ++asked;
        if (name == "silent") gate.wait();
        return "PostgreSQL 15";
      },
      std::chrono::milliseconds(500));
  const auto began = Clock::now();
  EXPECT_THAT(checks.problems({"silent", "orders"}),
              UnorderedElementsAre(Pair("silent", "it has not answered yet")));
  EXPECT_LT(Clock::now() - began, std::chrono::seconds(20));
  EXPECT_FALSE(checks.begin({"silent", "orders"})) << "nobody waits for it a second time";
  EXPECT_EQ(asked, 2) << "nor is it asked again while it is being asked";
  go_on.set_value();
  while (!checks.problems({"silent"}).empty())
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

}  // namespace
}  // namespace sluice::control
