#include "control/running_statements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::control {
namespace {

TEST(RunningStatements, OneEndsByItsNameAndAsNobodyElse) {
  RunningStatements running;
  const auto mine = running.begin("alice", "a", {});
  ASSERT_TRUE(mine);
  EXPECT_FALSE(running.stop("bob", "a"));
  EXPECT_FALSE(running.stop("alice", "b"));
  EXPECT_FALSE((*mine)->wanted().stop_requested());
  EXPECT_TRUE(running.stop("alice", "a"));
  EXPECT_TRUE((*mine)->wanted().stop_requested());
}

TEST(RunningStatements, ANameIsForOneAtATime) {
  RunningStatements running;
  {
    const auto first = running.begin("alice", "a", {});
    ASSERT_TRUE(first);
    const auto second = running.begin("alice", "a", {});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::kExists);
    EXPECT_TRUE(running.begin("bob", "a", {}));
    EXPECT_TRUE(running.stop("alice", "a")) << "the second has not taken its name away";
  }
  EXPECT_FALSE(running.stop("alice", "a"));
  EXPECT_TRUE(running.begin("alice", "a", {}));
}

TEST(RunningStatements, NamelessOnesAreManyAndEndWithTheirConnection) {
  RunningStatements running;
  std::stop_source connection;
  const auto one = running.begin("alice", "", connection.get_token());
  const auto other = running.begin("alice", "", {});
  ASSERT_TRUE(one && other);
  EXPECT_FALSE(running.stop("alice", ""));
  connection.request_stop();
  EXPECT_TRUE((*one)->wanted().stop_requested());
  EXPECT_FALSE((*other)->wanted().stop_requested());
}

TEST(RunningStatements, WhoIsGoneAlreadyWantsNothing) {
  RunningStatements running;
  std::stop_source connection;
  connection.request_stop();
  const auto one = running.begin("alice", "a", connection.get_token());
  ASSERT_TRUE(one);
  EXPECT_TRUE((*one)->wanted().stop_requested());
}

TEST(RunningStatements, ALongNameIsRefused) {
  RunningStatements running;
  EXPECT_TRUE(running.begin("alice", std::string(RunningStatements::kLongestName, 'a'), {}));
  EXPECT_FALSE(running.begin("alice", std::string(RunningStatements::kLongestName + 1, 'a'), {}));
}

}  // namespace
}  // namespace sluice::control
