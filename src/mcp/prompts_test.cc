#include "mcp/prompts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mcp/tools.h"

namespace sluice::mcp {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string text_of(const boost::json::object& prompt) {
  const auto& message = prompt.at("messages").as_array().at(0).as_object();
  EXPECT_EQ(message.at("role"), "user");
  return std::string(message.at("content").as_object().at("text").as_string());
}

TEST(McpPrompts, EachCanBeAskedForWithWhatItRequires) {
  for (const auto& each : describe_prompts()) {
    const auto& prompt = each.as_object();
    const std::string name(prompt.at("name").as_string());
    boost::json::object arguments;
    for (const auto& argument : prompt.at("arguments").as_array()) {
      const auto& one = argument.as_object();
      EXPECT_TRUE(prompt_has(name, one.at("name").as_string()));
      if (one.at("required").as_bool()) arguments[one.at("name").as_string()] = "GIVEN";
    }
    const auto got = get_prompt(name, arguments);
    ASSERT_TRUE(got) << name;
    EXPECT_THAT(text_of(*got), HasSubstr("GIVEN"));
    EXPECT_THAT(text_of(*got), Not(HasSubstr("{"))) << name;
  }
}

TEST(McpPrompts, LinesOfWhatIsNotGivenAreLeftOut) {
  const auto without = get_prompt("explore_database", {{"database", "orders"}});
  ASSERT_TRUE(without);
  EXPECT_THAT(text_of(*without), Not(HasSubstr("find out:")));
  EXPECT_THAT(text_of(*without), HasSubstr("sluice://databases/orders/schema"));
  const auto with = get_prompt("explore_database", {{"database", "orders"}, {"question", "who?"}});
  EXPECT_THAT(text_of(*with), HasSubstr("find out: who?"));
}

TEST(McpPrompts, WhatIsGivenIsNotLookedAtAgain) {
  const auto got = get_prompt("explain_refusal",
                              {{"database", "{statement}"}, {"statement", "SELECT '{database}'"}});
  ASSERT_TRUE(got);
  EXPECT_THAT(text_of(*got), HasSubstr("At the database \"{statement}\""));
  EXPECT_THAT(text_of(*got), HasSubstr("SELECT '{database}'"));
}

TEST(McpPrompts, WrongOnesSaySo) {
  EXPECT_EQ(get_prompt("nothing", {}).error().code, ErrorCode::kNotFound);
  const auto wrong = get_prompt("propose_schema_change", {{"database", 7}, {"other", "x"}});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::kInvalidInput);
  for (const char* what : {"database must be a text", "change is missing", "no argument other"})
    EXPECT_THAT(wrong.error().text, HasSubstr(what));
  EXPECT_FALSE(get_prompt("explore_database", {{"database", std::string(5000, 'x')}}));
}

TEST(McpPrompts, ToolsThatTheyNameExist) {
  for (const char* tool : {"describe_schema", "query", "explain_statement", "propose_change",
                           "change_status", "run_change", "request_access", "access_status"})
    EXPECT_NE(find_tool(tool), nullptr) << tool;
}

}  // namespace
}  // namespace sluice::mcp
