#include "control/mcp_calls.h"

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

HttpRequest asked(const std::string& token, const std::string& session, const std::string& body) {
  HttpRequest request;
  request.method = "POST";
  request.path = "/mcp";
  request.authorization = "Bearer " + token;
  if (!session.empty()) request.headers["mcp-session-id"] = session;
  request.body = body;
  return request;
}

HttpRequest cancelling(const std::string& token, const std::string& session,
                       const std::string& id) {
  return asked(
      token, session,
      R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" + id + "}}");
}

mcp::Message call(int id) {
  mcp::Message message;
  message.method = "tools/call";
  message.id = id;
  return message;
}

TEST(McpCalls, OneIsToldByItsTokenItsSessionAndItsId) {
  McpCalls calls;
  const auto run = calls.begin(asked("a", "s1", ""), call(7));
  for (const auto& other :
       {cancelling("b", "s1", "7"), cancelling("a", "s2", "7"), cancelling("a", "", "7"),
        cancelling("a", "s1", "8"), cancelling("a", "s1", "\"7\""), asked("a", "s1", "{}")})
    EXPECT_FALSE(calls.cancels(other)) << other.body;
  EXPECT_FALSE(run->wanted().stop_requested());
  EXPECT_TRUE(calls.cancels(cancelling("a", "s1", "7")));
  EXPECT_TRUE(run->wanted().stop_requested());
}

TEST(McpCalls, OneThatWasCancelledBeforeItsTurnIsNotWantedThen) {
  McpCalls calls;
  EXPECT_FALSE(calls.cancels(cancelling("a", "s1", "7")));
  EXPECT_TRUE(calls.begin(asked("a", "s1", ""), call(7))->wanted().stop_requested());
  EXPECT_FALSE(calls.begin(asked("a", "s1", ""), call(7))->wanted().stop_requested()) << "once";
}

TEST(McpCalls, WithoutASessionNothingIsRemembered) {
  McpCalls calls;
  EXPECT_FALSE(calls.cancels(cancelling("a", "", "7")));
  EXPECT_FALSE(calls.begin(asked("a", "", ""), call(7))->wanted().stop_requested())
      << "ids come again in another process of the same agent";
}

TEST(McpCalls, WhatCannotBeToldFromAnotherIsNotCancelled) {
  McpCalls calls;
  const auto first = calls.begin(asked("a", "", ""), call(1));
  const auto second = calls.begin(asked("a", "", ""), call(1));
  EXPECT_TRUE(calls.cancels(cancelling("a", "", "1")));
  EXPECT_TRUE(first->wanted().stop_requested());
  EXPECT_FALSE(second->wanted().stop_requested());
  mcp::Message strange = call(0);
  strange.id = std::string(100, 'x');
  const auto third = calls.begin(asked("a", "s1", ""), strange);
  EXPECT_FALSE(calls.cancels(cancelling("a", "s1", '"' + std::string(100, 'x') + '"')));
  EXPECT_FALSE(third->wanted().stop_requested());
}

}  // namespace
}  // namespace sluice::control
