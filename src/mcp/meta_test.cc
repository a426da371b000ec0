#include "mcp/meta.h"

#include <gtest/gtest.h>

namespace sluice::mcp {
namespace {

TEST(McpMeta, OwnNamesGoBeforeThoseOfOpenTelemetry) {
  const auto params = boost::json::parse(R"({"name": "query", "_meta": {"sluice/run": "r1",
    "gen_ai.conversation.id": "c1", "sluice/prompt": "why?", "sluice/parent": "p0",
    "gen_ai.request.model": "m", "gen_ai.tool.call.id": "call_1", "progressToken": 1}})");
  const auto meta = meta_of(params.as_object());
  EXPECT_EQ(meta.run, "r1");
  EXPECT_EQ(meta.prompt, "why?");
  EXPECT_EQ(meta.parent, "p0");
  EXPECT_EQ(meta.model, "m");
  EXPECT_EQ(meta.call, "call_1");
  EXPECT_TRUE(meta.prompt_id.empty());
  EXPECT_TRUE(meta.any());
}

TEST(McpMeta, OpenTelemetrysNamesWillDo) {
  const auto params = boost::json::parse(R"({"_meta": {"gen_ai.conversation.id": "c1"}})");
  EXPECT_EQ(meta_of(params.as_object()).run, "c1");
}

TEST(McpMeta, WhatIsNoTextIsLeftOut) {
  for (const char* text : {R"({})", R"({"_meta": 1})", R"({"_meta": {"sluice/run": 1,
                           "sluice/prompt": {"text": "x"}, "gen_ai.tool.call.id": null}})"})
    EXPECT_FALSE(meta_of(boost::json::parse(text).as_object()).any()) << text;
}

TEST(McpMeta, TracesAndBaggageOfTheW3c) {
  const auto params = boost::json::parse(R"({"_meta": {"traceparent": "00-a-b-01",
    "tracestate": "rojo=1",
    "baggage": "user.id=7, gen_ai.conversation.id = conv%2D1%zz;secret=no ,x=y"}})");
  const auto meta = meta_of(params.as_object());
  EXPECT_EQ(meta.trace, "00-a-b-01");
  EXPECT_EQ(meta.trace_state, "rojo=1");
  EXPECT_EQ(baggage_member(meta.baggage, "gen_ai.conversation.id"), "conv-1%zz");
  EXPECT_EQ(baggage_member(meta.baggage, "x"), "y");
  for (const char* text :
       {"", ",", "=", "gen_ai.conversation.id", ";gen_ai.conversation.id=1", "%"})
    EXPECT_EQ(baggage_member(text, "gen_ai.conversation.id"), "") << text;
}

}  // namespace
}  // namespace sluice::mcp
