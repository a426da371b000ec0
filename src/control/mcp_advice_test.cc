#include "control/mcp_advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mcp/tools.h"

namespace sluice::control {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(McpAdvice, NamesToolsThatAreThere) {
  for (const char* state : {"42P01", "42703"})
    EXPECT_THAT(std::string(advice_for_sqlstate(state)), HasSubstr("describe_schema"));
  EXPECT_THAT(std::string(advice_for_sqlstate("23505")), IsEmpty());
  EXPECT_NE(mcp::find_tool("describe_schema"), nullptr);
  for (const char* tool : {"approval_status", "change_status", "run_change", "access_status",
                           "request_access", "propose_change"}) {
    EXPECT_NE(mcp::find_tool(tool), nullptr) << tool;
    EXPECT_FALSE(advice_for_tool(tool).empty()) << tool;
  }
}

TEST(McpAdvice, ProblemsAreToldWithoutTheCommandLine) {
  boost::json::object problem{{"title", "there is no request 9; see: sluice approval list"},
                              {"status", 404}};
  add_advice("approval_status", problem);
  EXPECT_EQ(problem["error"], "there is no request 9");
  EXPECT_THAT(std::string(problem["next"].as_string()), HasSubstr("waiting_for_approval"));
}

TEST(McpAdvice, WhatBelongsToASessionDoesNotLast) {
  EXPECT_THAT(std::string(advice_for_tag("BEGIN")), HasSubstr("propose_change"));
  EXPECT_THAT(std::string(advice_for_tag("UPDATE 3")), IsEmpty());
}

}  // namespace
}  // namespace sluice::control
