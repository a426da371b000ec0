#include "models/kept_elsewhere.h"

#include <string>

#include <gtest/gtest.h>

namespace sluice::models {
namespace {

std::string kept(const std::string& body) {
  return std::string(kept_elsewhere(boost::json::parse(body).get_object()).value_or("none"));
}

TEST(KeptElsewhere, WhatRefersToIt) {
  EXPECT_EQ(kept(R"({"previous_response_id":"r"})"), "previous_response_id");
  EXPECT_EQ(kept(R"({"conversation":{"id":"c"}})"), "conversation");
  EXPECT_EQ(kept(R"({"background":true})"), "background");
  EXPECT_EQ(kept(R"({"container":"c"})"), "container");
  EXPECT_EQ(kept(R"({"container":{"id":"c"}})"), "container");
  EXPECT_EQ(kept(R"({"prompt":{"id":"p"}})"), "prompt");
  EXPECT_EQ(kept(R"({"input":["a",{"type":"item_reference","id":"i"}]})"), "item_reference");
  EXPECT_EQ(kept(R"({"input":[{"id":"i"}]})"), "item_reference");
  EXPECT_EQ(kept(R"({"input":[{"id":"i","type":null}]})"), "item_reference");
  EXPECT_EQ(kept(R"({"messages":[{"role":"assistant","audio":{"id":"a"}}]})"), "audio");
  EXPECT_EQ(kept(R"({"input":[{"role":"user","content":[{"type":"input_file","file_id":"f"}]}]})"),
            "file_id");
  EXPECT_EQ(kept(R"({"messages":[{"content":[{"type":"file","file":{"file_id":"f"}}]}]})"),
            "file_id");
  EXPECT_EQ(
      kept(
          R"({"messages":[{"content":[{"type":"document","source":{"type":"file","file_id":"f"}}]}]})"),
      "file_id");
  EXPECT_EQ(kept(R"({"messages":[{"content":[{"type":"container_upload","file_id":"f"}]}]})"),
            "file_id");
  EXPECT_EQ(kept(R"({"tools":[{"type":"file_search","vector_store_ids":["v"]}]})"), "tools");
  EXPECT_EQ(kept(R"({"tools":[{"type":"code_interpreter","container":"c"}]})"), "tools");
  EXPECT_EQ(kept(R"({"tools":[{"container":{"type":"auto","file_ids":["f"]}}]})"), "tools");
}

TEST(KeptElsewhere, WhatDoesNot) {
  for (const char* body :
       {R"({"background":false,"conversation":null,"container":null})", R"({"prompt":"words"})",
        R"({"input":"words"})", R"({"input":[{"role":"user","content":"words"}]})",
        R"({"input":[{"id":"m","role":"assistant","content":"words"}]})",
        R"({"input":[{"id":"f","type":"function_call","arguments":"{}"}]})",
        R"({"messages":[{"role":"assistant","audio":null}],"audio":{"voice":"v"}})",
        R"({"tools":[{"type":"function","name":"f","parameters":{}},3]})",
        R"({"messages":[{"content":[{"type":"tool_use","input":{"file_id":"f"}}]}]})",
        R"({"input":[{"type":"input_file","file_id":null,"file_data":"data:x"}]})",
        R"({"tools":[{"type":"code_interpreter","container":{"type":"auto"}}]})"})
    EXPECT_EQ(kept(body), "none") << body;
}

}  // namespace
}  // namespace sluice::models
