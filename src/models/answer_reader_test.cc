#include "models/answer_reader.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sluice::models {
namespace {

const std::string kAnthropic =
    "event: message_start\n"
    R"(data: {"type":"message_start","message":{"usage":{"input_tokens":12,"output_tokens":1}}})"
    "\n\nevent: content_block_start\n"
    R"(data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"
    "\n\n"
    R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"I look "}})"
    "\r\n\r\n"
    R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"it up."}})"
    "\n\n"
    R"(data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"query","input":{}}})"
    "\n\n"
    R"(data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"sql\":"}})"
    "\n\n"
    R"(data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"\"SELECT 1\"}"}})"
    "\n\n"
    R"(data: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":34}})"
    "\n\n"
    R"(data: {"type":"message_stop"})"
    "\n\n";

const std::string kAnthropicFound =
    R"({"text":"I look it up.","tool_calls":[{"id":"toolu_1","name":"query","arguments":"{\"sql\":\"SELECT 1\"}"}],)"
    R"("stop":"tool_use","input_tokens":12,"output_tokens":34})";

const std::string kOpenai =
    R"(data: {"choices":[{"index":0,"delta":{"role":"assistant","content":"I look"}}]})"
    "\n\n"
    R"(data: {"choices":[{"index":0,"delta":{"content":" it up."}}]})"
    "\n\n"
    R"(data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"query","arguments":""}}]}}]})"
    "\n\n"
    R"(data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]},"finish_reason":null}]})"
    "\n\n"
    R"(data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":5,"completion_tokens":6}})"
    "\n\ndata: [DONE]\n\n";

std::string read_whole(Api api, bool events, std::string_view bytes) {
  AnswerReader reader(api, events);
  reader.read(bytes);
  return boost::json::serialize(reader.finish());
}

TEST(AnswerReader, EventsOfMessages) {
  EXPECT_EQ(read_whole(Api::kAnthropic, true, kAnthropic), kAnthropicFound);
}

TEST(AnswerReader, WhatComesFromTheCacheIsInputToo) {
  EXPECT_EQ(
      read_whole(
          Api::kAnthropic, false,
          R"({"content":[],"usage":{"input_tokens":2,"cache_creation_input_tokens":30,"cache_read_input_tokens":400,"output_tokens":5}})"),
      R"({"text":"","input_tokens":2,"cached_input_tokens":430,"output_tokens":5})");
  EXPECT_EQ(
      read_whole(
          Api::kAnthropic, false,
          R"({"content":[],"usage":{"input_tokens":2,"cache_read_input_tokens":-7,"cache_creation_input_tokens":9223372036854775807}})"),
      R"({"text":"","input_tokens":2,"cached_input_tokens":1000000000000})");
}

TEST(AnswerReader, EventsOfChatCompletions) {
  EXPECT_EQ(
      read_whole(Api::kOpenai, true, kOpenai),
      R"({"text":"I look it up.","tool_calls":[{"id":"call_1","name":"query","arguments":"{}"}],)"
      R"("stop":"tool_calls","input_tokens":5,"output_tokens":6})");
}

TEST(AnswerReader, EventsOfResponses) {
  const std::string events =
      R"(data: {"type":"response.output_text.delta","output_index":0,"delta":"Hel"})"
      "\n\n"
      R"(data: {"type":"response.output_text.delta","output_index":0,"delta":"lo"})"
      "\n\n"
      R"(data: {"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","call_id":"call_7","name":"f"}})"
      "\n\n"
      R"(data: {"type":"response.function_call_arguments.delta","output_index":1,"delta":"{}"})"
      "\n\n"
      R"(data: {"type":"response.completed","response":{"status":"completed","usage":{"input_tokens":1,"output_tokens":2}}})"
      "\n\n";
  EXPECT_EQ(read_whole(Api::kOpenai, true, events),
            R"({"text":"Hello","tool_calls":[{"id":"call_7","name":"f","arguments":"{}"}],)"
            R"("stop":"completed","input_tokens":1,"output_tokens":2})");
}

TEST(AnswerReader, WholeAnswers) {
  EXPECT_EQ(
      read_whole(
          Api::kAnthropic, false,
          R"({"content":[{"type":"text","text":"Yes."},{"type":"tool_use","id":"t","name":"q","input":{"a":1}}],)"
          R"("stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":2}})"),
      R"({"text":"Yes.","tool_calls":[{"id":"t","name":"q","arguments":"{\"a\":1}"}],)"
      R"("stop":"tool_use","input_tokens":1,"output_tokens":2})");
  EXPECT_EQ(read_whole(Api::kOpenai, false,
                       R"({"choices":[{"message":{"content":"Yes."},"finish_reason":"stop"}]})"),
            R"({"text":"Yes.","stop":"stop"})");
  EXPECT_EQ(
      read_whole(
          Api::kOpenai, false,
          R"({"status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"Yes."}]},)"
          R"({"type":"function_call","call_id":"c","name":"f","arguments":"{}"}]})"),
      R"({"text":"Yes.","tool_calls":[{"id":"c","name":"f","arguments":"{}"}],"stop":"completed"})");
}

struct Called {
  Api api;
  bool events;
  std::string answer, name, arguments;
};

TEST(AnswerReader, CallsOfEveryKindAreKept) {
  const auto event = [](const std::string& json) { return "data: " + json + "\n\n"; };
  const std::string custom =
      R"({"type":"custom_tool_call","call_id":"c","name":"sql","input":"SELECT 1"})";
  const std::string search =
      R"({"type":"web_search_call","id":"w","status":"completed","action":{"query":"q"}})";
  const std::string server =
      R"({"type":"server_tool_use","id":"s","name":"web_search","input":{"query":"q"}})";
  const Called all[] = {
      {Api::kOpenai, false, R"({"output":[)" + custom + "]}", "sql", "SELECT 1"},
      {Api::kOpenai, false, R"({"output":[)" + search + "]}", "web_search_call",
       R"({"query":"q"})"},
      {Api::kOpenai, true,
       event(R"({"type":"response.output_item.added","output_index":1,"item":)"
             R"({"type":"custom_tool_call","call_id":"c","name":"sql","input":""}})") +
           event(R"({"type":"response.custom_tool_call_input.delta","output_index":1,)"
                 R"("delta":"SELECT"})") +
           event(R"({"type":"response.output_item.done","output_index":1,"item":)" + custom + "}"),
       "sql", "SELECT 1"},
      {Api::kOpenai, true,
       event(R"({"type":"response.output_item.done","output_index":0,"item":)" + search + "}"),
       "web_search_call", R"({"query":"q"})"},
      {Api::kOpenai, false,
       R"({"choices":[{"message":{"content":null,"function_call":{"name":"f","arguments":"{}"}}}]})",
       "f", "{}"},
      {Api::kOpenai, true,
       event(R"({"choices":[{"delta":{"function_call":{"name":"f","arguments":""}}}]})") +
           event(R"({"choices":[{"delta":{"function_call":{"arguments":"{}"}}}]})"),
       "f", "{}"},
      {Api::kOpenai, false,
       R"({"choices":[{"message":{"tool_calls":[{"id":"c","type":"custom","custom":)"
       R"({"name":"sql","input":"SELECT 1"}}]}}]})",
       "sql", "SELECT 1"},
      {Api::kAnthropic, false, R"({"content":[)" + server + "]}", "web_search", R"({"query":"q"})"},
      {Api::kAnthropic, true,
       event(R"({"type":"content_block_start","index":0,"content_block":)"
             R"({"type":"server_tool_use","id":"s","name":"web_search","input":{}}})") +
           event(R"({"type":"content_block_delta","index":0,"delta":)"
                 R"({"type":"input_json_delta","partial_json":"{\"query\":\"q\"}"}})"),
       "web_search", R"({"query":"q"})"},
  };
  for (const auto& each : all) {
    AnswerReader reader(each.api, each.events);
    reader.read(each.answer);
    const auto found = reader.finish();
    ASSERT_TRUE(found.contains("tool_calls")) << each.answer;
    const auto& calls = found.at("tool_calls").as_array();
    ASSERT_EQ(calls.size(), 1U) << each.answer;
    EXPECT_EQ(calls[0].at("name").as_string(), each.name) << each.answer;
    EXPECT_EQ(calls[0].at("arguments").as_string(), each.arguments) << each.answer;
    EXPECT_FALSE(found.contains("unread")) << each.answer;
  }
}

TEST(AnswerReader, CallsOfOnePlaceAreSeveral) {
  std::string events;
  for (const char* id : {"a", "b"}) {
    for (const char* kind : {"added", "done"})
      events += std::string(R"(data: {"type":"response.output_item.)") + kind +
                R"(","item":{"type":"function_call","call_id":")" + id + R"(","name":"f"}})" +
                "\n\n";
  }
  EXPECT_EQ(read_whole(Api::kOpenai, true, events),
            R"({"text":"","tool_calls":[{"id":"a","name":"f","arguments":""},)"
            R"({"id":"b","name":"f","arguments":""}]})");
}

TEST(AnswerReader, PartsThatAreNotKnownAreNoted) {
  const std::string part = R"({"type":"mcp_list_tools","tools":["words"]})";
  for (const auto& [api, events, answer] :
       {std::tuple{Api::kOpenai, false, R"({"output":[)" + part + "]}"},
        {Api::kOpenai, true,
         R"(data: {"type":"response.output_item.done","item":)" + part + "}\n\n"},
        {Api::kAnthropic, false, R"({"content":[)" + part + "]}"},
        {Api::kAnthropic, true,
         R"(data: {"type":"content_block_start","content_block":)" + part + "}\n\n"},
        {Api::kOpenai, false,
         std::string(R"({"choices":[{"message":{"tool_calls":[{"type":"later"}]}}]})")}})
    EXPECT_NE(read_whole(api, events, answer).find(R"("unread":true)"), std::string::npos)
        << answer;
}

/// Of one message of Chat Completions, whole and as a piece of a stream.
void expect_message(const std::string& message, const std::string& found) {
  AnswerReader whole(Api::kOpenai, false), pieces(Api::kOpenai, true);
  whole.read(R"({"choices":[{"message":)" + message + "}]}");
  pieces.read(R"(data: {"choices":[{"delta":)" + message + "}]}\n\n");
  EXPECT_EQ(boost::json::serialize(whole.finish()), found) << message;
  EXPECT_EQ(boost::json::serialize(pieces.finish()), found) << message;
}

TEST(AnswerReader, WhatAMessageSaysInOtherWaysIsKeptOrNoted) {
  expect_message(
      R"({"role":"assistant","content":null,"refusal":"I would rather not.","annotations":[]})",
      R"({"text":"","refusal":"I would rather not."})");
  expect_message(R"({"content":[{"type":"text","text":"a"},{"type":"refusal","refusal":"no"}]})",
                 R"({"text":"a","refusal":"no"})");
  expect_message(R"({"content":[{"type":"image_url","image_url":{"url":"x"}}]})",
                 R"({"text":"","unread":true})");
  expect_message(R"({"content":null,"audio":{"id":"a","data":"AA","transcript":"said aloud"}})",
                 R"({"text":"said aloud","unread":true})");
  expect_message(R"({"content":"a","images":[{"type":"image_url"}]})",
                 R"({"text":"a","unread":true})");
  expect_message(R"({"content":"a","reasoning_content":"b","audio":null,"images":[]})",
                 R"({"text":"a","thoughts":[{"text":"b"}]})");
}

TEST(AnswerReader, ARefusalOfResponsesIsKept) {
  AnswerReader whole(Api::kOpenai, false), pieces(Api::kOpenai, true), at_last(Api::kOpenai, true);
  const std::string response =
      R"({"status":"completed","output":[{"type":"message","content":[{"type":"refusal","refusal":"no"}]}]})";
  whole.read(response);
  pieces.read(
      "data: {\"type\":\"response.refusal.delta\",\"delta\":\"n\"}\n\n"
      "data: {\"type\":\"response.refusal.delta\",\"delta\":\"o\"}\n\n"
      "data: {\"type\":\"response.completed\",\"response\":" +
      response + "}\n\n");
  at_last.read("data: {\"type\":\"response.completed\",\"response\":" + response + "}\n\n");
  for (auto* reader : {&whole, &pieces, &at_last}) {
    EXPECT_EQ(boost::json::serialize(reader->finish()),
              R"({"text":"","refusal":"no","stop":"completed"})");
  }
}

TEST(AnswerReader, WhatItCannotReadIsNoted) {
  EXPECT_EQ(read_whole(Api::kOpenai, false, "<html>"), R"({"text":"","unread":true})");
  EXPECT_EQ(read_whole(Api::kOpenai, true, "data: {\n\n"), R"({"text":"","unread":true})");
  EXPECT_EQ(read_whole(Api::kOpenai, true, "data: {\"choices\""), R"({"text":"","unread":true})");
  EXPECT_EQ(read_whole(Api::kOpenai, true, ": a comment\n\nevent: ping\n\n"), R"({"text":""})");
  const std::string much =
      R"({"choices":[{"delta":{"content":")" + std::string(30'000, 'x') + "\"}}]}";
  AnswerReader reader(Api::kOpenai, true);
  for (int i = 0; i < 1000; ++i) reader.read("data: " + much + "\n\n");
  const auto found = reader.finish();
  EXPECT_LT(found.at("text").as_string().size(), 60'000U);
  EXPECT_TRUE(found.at("unread").as_bool());
}

/// One that went back otherwise than it came would be refused by its provider.
TEST(AnswerReader, LongThoughtsAreKnownToTheirLastByte) {
  const std::string words(60'000, 't'), hidden(3'000'000, 'h');
  AnswerReader stream(Api::kAnthropic, true);
  std::string thought;
  for (int i = 0; i < 50; ++i) {
    stream.read(
        R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":")" +
        words + "\"}}\n\n");
    thought += words;
  }
  const auto by_pieces = stream.finish();
  ASSERT_FALSE(by_pieces.contains("unread"));
  EXPECT_EQ(by_pieces.at("thoughts").at(0).at("text").as_string(), thought);

  AnswerReader lines(Api::kOpenai, true);
  lines.read(
      R"(data: {"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":")" +
      hidden + "\"}}\n\n");
  const auto in_one_line = lines.finish();
  ASSERT_FALSE(in_one_line.contains("unread"));
  EXPECT_EQ(in_one_line.at("thoughts").at(0).at("encrypted").as_string(), hidden);
}

RC_GTEST_PROP(AnswerReader, PiecesMakeNoDifference, ()) {
  const auto cuts =
      *rc::gen::container<std::vector<size_t>>(rc::gen::inRange<size_t>(0, kAnthropic.size() + 1));
  auto sorted = cuts;
  std::sort(sorted.begin(), sorted.end());
  AnswerReader reader(Api::kAnthropic, true);
  size_t at = 0;
  for (const size_t cut : sorted) {
    reader.read(std::string_view(kAnthropic).substr(at, cut - at));
    at = cut;
  }
  reader.read(std::string_view(kAnthropic).substr(at));
  RC_ASSERT(boost::json::serialize(reader.finish()) == kAnthropicFound);
}

RC_GTEST_PROP(AnswerReader, AnyBytesAreRead, (const std::string& bytes)) {
  for (const Api api : {Api::kOpenai, Api::kAnthropic}) {
    for (const bool events : {false, true}) (void)read_whole(api, events, bytes);
    (void)read_whole(api, true, "data: " + bytes + "\n\n");
  }
}

TEST(AnswerReader, TokensAreAnyNumber) {
  AnswerReader reader(Api::kOpenai, false);
  reader.read(R"({"choices":[],"usage":{"prompt_tokens":3.0,"completion_tokens":12.0}})");
  const auto found = reader.finish();
  EXPECT_EQ(found.at("input_tokens").as_int64(), 3);
  EXPECT_EQ(found.at("output_tokens").as_int64(), 12);
}

}  // namespace
}  // namespace sluice::models
