#include "mcp/tools.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::mcp {
namespace {

using ::testing::HasSubstr;

TEST(McpTools, EachIsDescribedForModels) {
  std::set<std::string> names;
  for (const auto& each : describe_tools()) {
    const auto& tool = each.as_object();
    const std::string name(tool.at("name").as_string());
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_GT(tool.at("description").as_string().size(), 20U) << name;
    const auto& schema = tool.at("inputSchema").as_object();
    EXPECT_EQ(schema.at("type"), "object") << name;
    EXPECT_FALSE(schema.at("additionalProperties").as_bool()) << name;
    for (const auto& required : schema.at("required").as_array())
      EXPECT_TRUE(schema.at("properties").as_object().contains(required.as_string())) << name;
    EXPECT_NE(find_tool(name), nullptr);
  }
  EXPECT_EQ(names.size(), tools().size());
  EXPECT_EQ(find_tool("nothing"), nullptr);
}

TEST(McpTools, ArgumentsAreWhatTheToolTakes) {
  const Tool& query = *find_tool("query");
  EXPECT_TRUE(check_arguments(query, {{"database", "orders"}, {"sql", "SELECT 1"}}));
  EXPECT_TRUE(
      check_arguments(query, {{"database", "orders"}, {"sql", "SELECT 1"}, {"max_rows", 7}}));
  const auto wrong = check_arguments(query, {{"database", 7}, {"max_rows", 0}, {"other", ""}});
  ASSERT_FALSE(wrong);
  for (const char* what : {"database must be a text", "sql is missing",
                           "max_rows must be a whole number from 1 up", "no argument other"})
    EXPECT_THAT(wrong.error().text, HasSubstr(what));
  const Tool& propose = *find_tool("propose_change");
  const boost::json::object rest{{"sql", "x"}, {"title", "x"}, {"reason", "x"}};
  for (const boost::json::value& databases :
       {boost::json::value("orders"), boost::json::value(boost::json::array{}),
        boost::json::value(boost::json::array{7})}) {
    auto arguments = rest;
    arguments["databases"] = databases;
    EXPECT_FALSE(check_arguments(propose, arguments)) << databases;
  }
}

}  // namespace
}  // namespace sluice::mcp
