#include "models/thoughts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/answer_reader.h"
#include "models/heard.h"

namespace sluice::models {
namespace {

namespace json = boost::json;

std::string thoughts_in(Api api, bool events, std::string_view bytes) {
  AnswerReader reader(api, events);
  reader.read(bytes);
  const auto found = reader.finish();
  const auto* thoughts = found.if_contains("thoughts");
  return (found.contains("unread") ? "unread " : "") +
         (thoughts == nullptr ? "none" : json::serialize(*thoughts));
}

std::string event(const std::string& data) { return "data: " + data + "\n\n"; }

TEST(Thoughts, OfMessages) {
  const std::string found = R"([{"text":"She is 1.","signature":"c2ln"},{"encrypted":"c2VjcmV0"}])";
  EXPECT_EQ(thoughts_in(Api::kAnthropic, false,
                        R"({"content":[{"type":"thinking","thinking":"She is 1.","signature":)"
                        R"("c2ln"},{"type":"redacted_thinking","data":"c2VjcmV0"},)"
                        R"({"type":"text","text":"Yes."}]})"),
            found);
  const std::string delta = R"({"type":"content_block_delta","index":0,"delta":)";
  const std::string events =
      event(R"({"type":"content_block_start","index":0,"content_block":{"type":"thinking",)"
            R"("thinking":"","signature":""}})") +
      event(delta + R"({"type":"thinking_delta","thinking":"She "}})") +
      event(delta + R"({"type":"thinking_delta","thinking":"is 1."}})") +
      event(delta + R"({"type":"signature_delta","signature":"c2ln"}})") +
      event(R"({"type":"content_block_start","index":1,"content_block":)"
            R"({"type":"redacted_thinking","data":"c2VjcmV0"}})");
  EXPECT_EQ(thoughts_in(Api::kAnthropic, true, events), found);
}

TEST(Thoughts, OfResponses) {
  const std::string item =
      R"({"type":"reasoning","id":"rs_1","status":"completed","summary":[{"type":"summary_text",)"
      R"("text":"a"},{"type":"summary_text","text":"b"}],"content":[{"type":"reasoning_text",)"
      R"("text":"c"}],"encrypted_content":"ZQ"})";
  const std::string found = R"([{"id":"rs_1","text":"a\n\nb\n\nc","encrypted":"ZQ"}])";
  EXPECT_EQ(thoughts_in(Api::kOpenai, false, R"({"output":[)" + item + "]}"), found);
  const std::string pieces =
      event(R"({"type":"response.output_item.added","output_index":0,"item":{"type":"reasoning",)"
            R"("id":"rs_1","summary":[]}})") +
      event(R"({"type":"response.reasoning_summary_text.delta","output_index":0,"delta":"a"})") +
      event(R"({"type":"response.reasoning_text.delta","output_index":0,"delta":"c"})");
  EXPECT_EQ(thoughts_in(Api::kOpenai, true, pieces), R"([{"text":"ac"}])");
  const std::string done =
      pieces +
      event(R"({"type":"response.output_item.done","output_index":0,"item":)" + item + "}") +
      event(R"({"type":"response.completed","response":{"output":[)" + item + "]}}");
  EXPECT_EQ(thoughts_in(Api::kOpenai, true, done), found);
}

/// Of one message of Chat Completions, whole and as a piece of a stream.
void expect_thoughts(const std::string& message, const std::string& found) {
  EXPECT_EQ(thoughts_in(Api::kOpenai, false, R"({"choices":[{"message":)" + message + "}]}"),
            found);
  EXPECT_EQ(thoughts_in(Api::kOpenai, true, event(R"({"choices":[{"delta":)" + message + "}]}")),
            found);
}

TEST(Thoughts, OfChatCompletions) {
  expect_thoughts(R"({"content":"x","reasoning_content":"a"})", R"([{"text":"a"}])");
  expect_thoughts(R"({"content":"x","reasoning":"a"})", R"([{"text":"a"}])");
  // Told twice, they were thought once.
  expect_thoughts(R"({"reasoning":"a","reasoning_content":"a"})", R"([{"text":"a"}])");
  expect_thoughts(
      R"({"reasoning":"a","reasoning_details":[{"type":"reasoning.text","text":"a","index":0,)"
      R"("signature":"s","format":"anthropic-claude-v1"},)"
      R"({"type":"reasoning.encrypted","data":"ZQ","id":"r","index":1}]})",
      R"([{"text":"a","signature":"s"},{"id":"r","encrypted":"ZQ"}])");
  expect_thoughts(R"({"content":[{"type":"thinking","thinking":[{"type":"text","text":"a"}]}]})",
                  R"([{"text":"a"}])");
  expect_thoughts(R"({"reasoning_content":null,"reasoning_details":[]})", "none");
  for (const char* other :
       {R"({"reasoning":{"words":"a"}})", R"({"reasoning_details":[{"type":"later","text":"a"}]})",
        R"({"reasoning_details":["a"]})",
        R"({"reasoning_details":[{"type":"reasoning.text","text":"a","index":99999}]})"})
    expect_thoughts(other, "unread none");
}

TEST(Thoughts, LongOnesAreKeptWithoutTheWordsBehindThem) {
  AnswerReader reader(Api::kAnthropic, true);
  const std::string word = event(
      R"({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":")" +
      std::string(30'000, 'x') + "\"}}");
  for (int i = 0; i < 10; ++i) reader.read(word);
  reader.read(event(
      R"({"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Yes."}})"));
  const auto answer = reader.finish();
  EXPECT_FALSE(answer.contains("unread"));
  EXPECT_EQ(answer.at("thoughts").as_array()[0].as_object().at("text").as_string().size(),
            300'000U);
  EXPECT_EQ(fitted(answer, 1 << 20), json::serialize(answer));
  const std::string kept = fitted(answer, 65'536);
  EXPECT_LE(kept.size(), 65'536U);
  EXPECT_GT(kept.size(), 30'000U);
  const auto found = json::parse(kept).as_object();
  EXPECT_EQ(found.at("text").as_string(), "Yes.");
  EXPECT_TRUE(found.at("unread").as_bool());
  EXPECT_TRUE(found.at("thoughts").as_array()[0].as_object().at("cut").as_bool());
  // Nothing of it fits beside what is longer anyway.
  EXPECT_THAT(fitted(answer, 10), ::testing::HasSubstr(R"("thoughts":[])"));
  for (int i = 0; i < 280; ++i) reader.read(word);
  EXPECT_TRUE(reader.finish().contains("unread"));
}

TEST(Thoughts, WhatWasThoughtIsKnownOfThatModelAndCredential) {
  Heard heard;
  heard.keep_thoughts("ann", "claude",
                      json::parse(R"({"thoughts":[{"text":"a","signature":"s"}]})").as_object());
  const Thought thought{.id = "", .text = "a", .signature = "s", .encrypted = ""};
  EXPECT_TRUE(heard.was_thought("ann", "claude", thought));
  EXPECT_FALSE(heard.was_thought("bob", "claude", thought));
  EXPECT_FALSE(heard.was_thought("ann", "gpt", thought));
  for (auto member : {&Thought::id, &Thought::text, &Thought::signature, &Thought::encrypted}) {
    auto other = thought;
    other.*member += "x";
    EXPECT_FALSE(heard.was_thought("ann", "claude", other));
  }
}

}  // namespace
}  // namespace sluice::models
