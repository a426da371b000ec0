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

}  // namespace
}  // namespace sluice::mcp
