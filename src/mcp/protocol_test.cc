#include "mcp/protocol.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sluice::mcp {
namespace {

int64_t code_of(std::string_view body) {
  const auto message = parse_message(body);
  return message ? 0 : message.error().at("error").at("code").to_number<int64_t>();
}

TEST(McpProtocol, RequestsNotificationsAndAnswers) {
  const auto request = parse_message(
      R"({"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"query"}})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, "tools/call");
  EXPECT_EQ(request->id, "a");
  EXPECT_EQ(request->params.at("name"), "query");
  EXPECT_TRUE(request->wants_answer());
  EXPECT_TRUE(parse_message(R"({"jsonrpc":"2.0","id":0,"method":"ping"})")->wants_answer());
  EXPECT_FALSE(parse_message(R"({"jsonrpc":"2.0","method":"notifications/x"})")->wants_answer());
  EXPECT_FALSE(parse_message(R"({"jsonrpc":"2.0","id":1,"result":{}})")->wants_answer());
}

TEST(McpProtocol, EverythingElseIsRefusedWithItsCode) {
  for (const char* body : {"", "{", "nonsense", "{\"jsonrpc\":\"2.0\",}"})
    EXPECT_EQ(code_of(body), -32700) << body;
  EXPECT_EQ(code_of(std::string(100, '[') + std::string(100, ']')), -32700) << "too deep";
  for (const char* body :
       {"[]", "7", "null", "{}", R"({"jsonrpc":"2.0"})", R"({"jsonrpc":"1.0","method":"x"})",
        R"({"jsonrpc":"2.0","id":null,"method":"x"})", R"({"jsonrpc":"2.0","id":1.5,"method":"x"})",
        R"({"jsonrpc":"2.0","id":{},"method":"x"})", R"({"jsonrpc":"2.0","id":1,"method":7})",
        R"({"jsonrpc":"2.0","id":1,"method":""})",
        R"({"jsonrpc":"2.0","id":1,"method":"x","params":[]})",
        R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])"}) {
    EXPECT_EQ(code_of(body), -32600) << body;
  }
}

TEST(McpProtocol, SpeaksTheRevisionThatIsAskedForOrTheNewest) {
  EXPECT_EQ(revision_for("2025-03-26"), "2025-03-26");
  EXPECT_EQ(revision_for("2025-06-18"), "2025-06-18");
  EXPECT_EQ(revision_for("2025-11-25"), "2025-11-25");
  EXPECT_EQ(revision_for("1999-01-01"), "2025-11-25");
  EXPECT_FALSE(is_revision("1999-01-01"));
}

TEST(McpProtocol, WhatAToolFindsIsThereForProgramsAndModels) {
  const auto result = tool_result({{"rows", 7}}, true);
  EXPECT_EQ(result.at("structuredContent").at("rows"), 7);
  EXPECT_EQ(result.at("content").at(0).at("text").as_string(), R"({"rows":7})");
  EXPECT_TRUE(result.at("isError").as_bool());
}

RC_GTEST_PROP(McpProtocol, AnyTextIsAMessageOrAnError, (const std::string& text)) {
  const auto message = parse_message(text);
  RC_ASSERT(message || message.error().contains("error"));
}

}  // namespace
}  // namespace sluice::mcp
