#include "mcp/waiting.h"

#include <gtest/gtest.h>

namespace sluice::mcp {
namespace {

using std::chrono::seconds;

boost::json::object params(std::string_view tool, int64_t wait) {
  return {{"name", tool},
          {"arguments", boost::json::object{{"number", 17}, {"wait_seconds", wait}}}};
}

boost::json::object answer(std::string_view state) {
  return {{"result",
           boost::json::object{{"structuredContent", boost::json::object{{"state", state}}}}}};
}

TEST(McpWaiting, ForWhatIsNotDecidedOrOver) {
  for (const char* tool : {"approval_status", "change_status", "access_status"}) {
    EXPECT_EQ(waits_for(params(tool, 20), answer("waiting")), seconds(20)) << tool;
    EXPECT_EQ(waits_for(params(tool, 20), answer("approved")), seconds(0)) << tool;
  }
  EXPECT_EQ(waits_for(params("change_status", 20), answer("running")), seconds(20));
  EXPECT_EQ(waits_for(params("change_status", 20), answer("done")), seconds(0));
  EXPECT_EQ(waits_for(params("query", 20), answer("waiting")), seconds(0));
}

TEST(McpWaiting, IsBounded) {
  EXPECT_EQ(waits_for(params("approval_status", int64_t{1} << 62), answer("waiting")),
            kLongestWait);
  EXPECT_EQ(waits_for(params("approval_status", -1), answer("waiting")), seconds(0));
  EXPECT_EQ(waits_for({{"name", "approval_status"}}, answer("waiting")), seconds(0));
  EXPECT_EQ(waits_for(params("approval_status", 20), {{"error", "x"}}), seconds(0));
  EXPECT_EQ(waits_for({{"name", 7}}, answer("waiting")), seconds(0));
}

TEST(McpWaiting, SaysWhatIsDoneMeanwhile) {
  EXPECT_EQ(doing(params("query", 0)), "query is running");
  EXPECT_EQ(doing(params("approval_status", 1)), "approval 17 is not decided yet");
}

}  // namespace
}  // namespace sluice::mcp
