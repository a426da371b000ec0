#include "models/conversation.h"

#include <cctype>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::models {
namespace {

Result<std::string> shouted(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

/// What is sensitive here has a card's number in it.
bool has_card(std::string_view text) { return text.find("4111") != std::string_view::npos; }

Changes shouting() {
  return {shouted, has_card, [](std::string_view id) { return "id_of_" + std::string(id, 0, 3); },
          [](const Thought& thought) { return thought.text == "I think"; }};
}

std::string changed(std::string_view body, bool attachments = false) {
  auto conversation = read_conversation(body);
  EXPECT_TRUE(conversation);
  const auto done = change_texts(*conversation, attachments, shouting());
  return done ? boost::json::serialize(conversation->body) : "refused: " + done.error().text;
}

TEST(Conversation, OnlyWhatIsKnownCanBeAsked) {
  EXPECT_EQ(find_operation(Api::kOpenai, "POST", "/v1/chat/completions"), Operation::kConverse);
  EXPECT_EQ(find_operation(Api::kAnthropic, "POST", "/v1/messages"), Operation::kConverse);
  EXPECT_EQ(find_operation(Api::kAnthropic, "GET", "/v1/models"), Operation::kListModels);
  for (const char* path : {"/v1/files", "/v1/fine_tuning/jobs", "/v1/messages/batches",
                           "/v1/messages/", "/v1/../v1/messages", "", "/"}) {
    EXPECT_FALSE(find_operation(Api::kAnthropic, "POST", path)) << path;
    EXPECT_FALSE(find_operation(Api::kOpenai, "POST", path)) << path;
  }
  EXPECT_FALSE(find_operation(Api::kOpenai, "POST", "/v1/messages"));
  EXPECT_FALSE(find_operation(Api::kAnthropic, "DELETE", "/v1/messages"));
}

TEST(Conversation, AModelIsLookedUpByItsIdAndNothingElseIs) {
  for (const Api api : {Api::kOpenai, Api::kAnthropic}) {
    for (const char* id : {"gpt-4.1", "claude-sonnet-4-20250514", "meta/small", "meta%2Fsmall",
                           "ft:gpt-4o:org::abc", "..."})
      EXPECT_EQ(find_operation(api, "GET", std::string("/v1/models/") + id), Operation::kListModels)
          << id;
    for (const char* id : {"", ".", "..", "../files", "a/../files", "a%2F..%2Ffiles", "a%2f", "a/",
                           "a//b", "%2e%2e", "a b", "a%20b", "a?b", "a#b", "a\\b"})
      EXPECT_FALSE(find_operation(api, "GET", std::string("/v1/models/") + id)) << id;
    EXPECT_FALSE(find_operation(api, "GET", "/v1/models/" + std::string(400, 'a')));
    EXPECT_FALSE(find_operation(api, "DELETE", "/v1/models/a"));
  }
}

TEST(Conversation, WhatIsNone) {
  for (const char* body : {"", "[]", "{", "{}", R"({"model": 3})", R"({"messages": []})"})
    EXPECT_FALSE(read_conversation(body)) << body;
  EXPECT_TRUE(read_conversation(R"({"model": "m", "stream": true})")->streams);
  EXPECT_FALSE(read_conversation(R"({"model": "m", "stream": "yes"})")->streams);
}

TEST(Conversation, EveryTextIsChangedAndNoFrame) {
  EXPECT_EQ(changed(R"({"model":"m","messages":[{"role":"user","content":"hi"}]})"),
            R"({"model":"m","messages":[{"role":"user","content":"HI"}]})");
  EXPECT_EQ(
      changed(R"({"model":"m","system":[{"type":"text","text":"be kind"}],"messages":[)"
              R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":)"
              R"([{"type":"text","text":"a row"}]}]}]})"),
      R"({"model":"m","system":[{"type":"text","text":"BE KIND"}],"messages":[)"
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":)"
      R"([{"type":"text","text":"A ROW"}]}]}]})");
  // What the model has called a tool with goes to it again.
  EXPECT_EQ(changed(R"({"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"c",)"
                    R"("type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]}]})"),
            R"({"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"c",)"
            R"("type":"function","function":{"name":"f","arguments":"{\"A\":1}"}}]}]})");
  EXPECT_EQ(changed(R"({"model":"m","input":"words","instructions":"more"})"),
            R"({"model":"m","input":"WORDS","instructions":"MORE"})");
  EXPECT_EQ(changed(R"({"model":"m","input":["a","b"]})"), R"({"model":"m","input":["A","B"]})");
  // Nor is it said where else a provider lets words stand.
  EXPECT_EQ(changed(R"({"model":"m","prediction":{"type":"content","content":"next"},"user":"u"})"),
            R"({"model":"m","prediction":{"type":"content","content":"NEXT"},"user":"ID_OF_U"})");
  EXPECT_EQ(changed(R"({"model":"m","messages":[{"role":"user","name":"ann","content":"x"}]})"),
            R"({"model":"m","messages":[{"role":"user","name":"ANN","content":"X"}]})");
  // A name that holds more than a name is no frame.
  EXPECT_EQ(changed(R"({"model":"m","messages":[{"name":{"first":"ann"}}]})"),
            R"({"model":"m","messages":[{"name":{"first":"ANN"}}]})");
}

TEST(Conversation, InWhatToolsAreCalledWithNothingIsFrame) {
  EXPECT_EQ(changed(R"({"model":"m","messages":[{"role":"assistant","content":[{"type":"tool_use",)"
                    R"("id":"t1","name":"find","input":{"name":"ann","id":"a1","type":"person",)"
                    R"("ann@x.org":[{"status":"ill"}]}}]}]})"),
            R"({"model":"m","messages":[{"role":"assistant","content":[{"type":"tool_use",)"
            R"("id":"t1","name":"find","input":{"NAME":"ANN","ID":"A1","TYPE":"PERSON",)"
            R"("ANN@X.ORG":[{"STATUS":"ILL"}]}}]}]})");
  EXPECT_EQ(
      changed(R"({"model":"m","input":[{"type":"mcp_call","id":"c","arguments":{"id":"x"}}]})"),
      R"({"model":"m","input":[{"type":"mcp_call","id":"c","arguments":{"ID":"X"}}]})");
  EXPECT_EQ(
      changed(R"({"model":"m","input":[{"type":"f","arguments":{"a":1,"A":2}}]})").substr(0, 8),
      "refused:");
}

TEST(Conversation, LongNumbersInDataAreTextThatMayBeMasked) {
  const auto masked = [](std::string_view body) {
    auto conversation = read_conversation(body);
    const auto done = change_texts(
        *conversation, false,
        {[](std::string_view text) -> Result<std::string> {
           return std::string(text == "4111111111111111" || text == "-41111111" ? "card" : text);
         },
         has_card, [](std::string_view id) { return std::string(id); }});
    return done ? boost::json::serialize(conversation->body) : "refused: " + done.error().text;
  };
  EXPECT_EQ(masked(R"({"model":"m","messages":[{"content":[{"type":"tool_use","id":"t","name":"f",)"
                   R"("input":{"a":4111111111111111,"b":[4111111111111111.0,-41111111,12345678],)"
                   R"("c":{"d":1234567,"e":true}}}]}]})"),
            R"({"model":"m","messages":[{"content":[{"type":"tool_use","id":"t","name":"f",)"
            R"("input":{"a":"card","b":["card","card",12345678],"c":{"d":1234567,"e":true}}}]}]})");
  // The APIs' own numbers are settings.
  const char* settings =
      R"({"model":"m","seed":4111111111111111,"temperature":0.30000000000000004,"max_tokens":64000})";
  EXPECT_EQ(masked(settings), R"({"model":"m","seed":4111111111111111,)"
                              R"("temperature":3.0000000000000004E-1,"max_tokens":64000})");
  // Wherever else they stand they are words.
  for (const char* body :
       {R"({"model":"m","messages":[{"role":"user","content":4111111111111111}]})",
        R"({"model":"m","messages":[{"content":[{"type":"text","text":4111111111111111}]}]})",
        R"({"model":"m","metadata":{"card":4111111111111111}})",
        R"({"model":"m","card":4111111111111111})", R"({"model":"m","name":4111111111111111})",
        R"({"model":"m","stop":[4111111111111111]})", R"({"model":"m","type":4111111111111111})",
        R"({"model":"m","messages":[{"input":{"seed":4111111111111111}}]})"}) {
    std::string wanted = body;
    wanted.replace(wanted.find("4111111111111111"), 16, "\"card\"");
    EXPECT_EQ(masked(body), wanted);
  }
}

TEST(Conversation, NamesOfMembersAreWordsWhereNoApiHasThem) {
  EXPECT_EQ(changed(R"({"model":"m","metadata":{"jane@x.y":"z","plain_1":"z"}})"),
            R"({"model":"m","metadata":{"JANE@X.Y":"Z","plain_1":"Z"}})");
  EXPECT_EQ(changed(R"({"model":"m","metadata":{"4111111111111111a":true}})"),
            R"({"model":"m","metadata":{"4111111111111111A":true}})");
  for (const char* schema : {"schema", "input_schema", "parameters"}) {
    const std::string body = std::string(R"({"model":"m","tools":[{")") + schema +
                             R"(":{"properties":{"jane":{"enum":["b"]}}}}]})";
    EXPECT_THAT(changed(body), ::testing::HasSubstr(R"({"PROPERTIES":{"JANE":{"ENUM":["B"]}}})"));
  }
  EXPECT_EQ(changed(R"({"model":"m","metadata":{"a b":1,"A B":2}})").substr(0, 8), "refused:");
}

TEST(Conversation, AnIdThatIsSensitiveHasAnotherInItsPlaceEverywhere) {
  // A call of a tool and its result are still a pair.
  EXPECT_EQ(
      changed(R"({"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"call-4111",)"
              R"("type":"function","function":{"name":"f","arguments":"1"}}]},)"
              R"({"role":"tool","tool_call_id":"call-4111","content":"x"},)"
              R"({"role":"tool","tool_call_id":"call_2","content":[{"tool_use_id":4111}]}]})"),
      R"({"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"id_of_cal",)"
      R"("type":"function","function":{"name":"f","arguments":"1"}}]},)"
      R"({"role":"tool","tool_call_id":"id_of_cal","content":"X"},)"
      R"({"role":"tool","tool_call_id":"call_2","content":[{"tool_use_id":"id_of_411"}]}]})");
  EXPECT_EQ(changed(R"({"model":"m","input":[{"type":"f","later_id":"ab 4111"}]})"),
            R"({"model":"m","input":[{"type":"f","later_id":"id_of_ab "}]})");
  // An id that holds more is no id.
  EXPECT_EQ(changed(R"({"model":"m","messages":[{"id":{"of":"ann"}}]})"),
            R"({"model":"m","messages":[{"id":{"of":"ANN"}}]})");
  EXPECT_EQ(
      changed(R"({"model":"m","messages":[{"id":"data:image/png;base64,AAAA"}]})").substr(0, 8),
      "refused:");
}

TEST(Conversation, UsersAreKnownByWhatStandsForThem) {
  EXPECT_EQ(changed(R"({"model":"m","user":"ann","safety_identifier":"bob","metadata":)"
                    R"({"user_id":"jane","other_id":"x"}})"),
            R"({"model":"m","user":"ID_OF_ANN","safety_identifier":"ID_OF_BOB","metadata":)"
            R"({"user_id":"id_of_jan","other_id":"x"}})");
  EXPECT_EQ(changed(R"({"model":"m","user":"","metadata":null})"),
            R"({"model":"m","user":"","metadata":null})");
}

TEST(Conversation, WhatIsSensitiveIsNoWordOfTheApi) {
  for (const char* words :
       {R"("model":"4111")", R"("messages":[{"role":"4111"}])", R"("tools":[{"name":"f4111"}])",
        R"("messages":[{"type":"4111"}])", R"("messages":[{"status":"4111"}])",
        R"("messages":[{"phase":"4111"}])", R"("messages":[{"cache_control":"4111"}])"}) {
    EXPECT_THAT(changed(std::string(R"({"model":"m",)") + words + "}"),
                ::testing::StartsWith("refused: "))
        << words;
  }
}

TEST(Conversation, WhatTheModelItselfThoughtGoesBackAsItIs) {
  const auto with = [](const std::string& part) {
    return changed(R"({"model":"m","messages":[{"role":"assistant","content":[)" + part + "]}]}");
  };
  const char* thought = R"({"type":"thinking","thinking":"I think","signature":"c2ln"})";
  EXPECT_THAT(with(thought), ::testing::HasSubstr(thought));
  for (const char* other :
       {R"({"type":"thinking","thinking":"think","signature":"c2ln"})",
        R"({"type":"thinking","thinking":"I think","note":"think"})",
        R"({"type":"thinking","thinking":"I think","format":"think"})",
        R"({"type":"thinking","thinking":["think"],"text":"I think"})",
        R"({"type":"reasoning","summary":[{"type":"summary_text","text":"I think","a":"think"}]})",
        R"({"type":"tool_use","input":{"type":"thinking","thinking":"I think"}})"})
    EXPECT_THAT(with(other), ::testing::AnyOf(::testing::HasSubstr("THINK\""))) << with(other);
}

TEST(Conversation, AFileThatStandsAsTextIsAFile) {
  for (const char* text : {"data:image/png;base64,AAAA", " DATA:;Base64,AAAA"}) {
    const std::string body =
        std::string(R"({"model":"m","messages":[{"role":"user","content":")") + text + "\"}]}";
    EXPECT_EQ(changed(body).substr(0, 8), "refused:") << text;
    EXPECT_EQ(changed(body, true), body) << text;
  }
  EXPECT_EQ(changed(R"({"model":"m","input":["data: none","see data:x;base64,AA"]})"),
            R"({"model":"m","input":["DATA: NONE","SEE DATA:X;BASE64,AA"]})");
}

TEST(Conversation, TextAsNumbersOfTokensIsNotSent) {
  for (const char* words : {R"("input":[101,102])", R"("input":[[101],[102]])",
                            R"("prompt":[101,102])", R"("prompt":["a",[7]])"}) {
    const std::string body = std::string(R"({"model":"m",)") + words + "}";
    EXPECT_EQ(changed(body).substr(0, 8), "refused:") << words;
    EXPECT_NE(changed(body, true).substr(0, 8), "refused:") << words;
  }
  // Numbers elsewhere are numbers.
  const char* called = R"({"model":"m","messages":[{"input":{"IDS":[1,2]}}],"stop":[1]})";
  EXPECT_EQ(changed(called), called);
}

TEST(Conversation, WhatCannotBeReadIsNotSent) {
  const char* image =
      R"({"model":"m","messages":[{"role":"user","content":[)"
      R"({"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}]})";
  EXPECT_EQ(changed(image).substr(0, 8), "refused:");
  EXPECT_EQ(changed(image, true), boost::json::serialize(boost::json::parse(image)));
  for (const char* type :
       {"image", "document", "file", "input_file", "input_audio", "input_image",
        "computer_screenshot", "container_upload", "image_generation_call", "video_url"}) {
    const std::string body =
        std::string(R"({"model":"m","input":[{"type":")") + type + R"(","data":"x"}]})";
    EXPECT_EQ(changed(body).substr(0, 8), "refused:") << type;
  }
}

TEST(Conversation, WordsBesideAttachmentsAreWords) {
  const char* words[] = {
      R"({"model":"m","messages":[{"role":"user","type":"image","content":"mail jane"}]})",
      R"({"model":"m","type":"image","messages":[{"role":"user","content":"mail jane"}]})",
      R"({"model":"m","messages":[{"content":[{"type":"document","title":"mail jane","source":{"type":"text","data":"jane"}}]}]})",
      R"({"model":"m","messages":[{"content":[{"type":"document","source":{"type":"content","content":[{"type":"text","text":"mail jane"}]}}]}]})",
      R"({"model":"m","messages":[{"content":[{"type":"document","source":{"type":"base64","data":"mail jane"}}]}]})",
      R"({"model":"m","messages":[{"content":[{"type":"image_url","image_url":"jane"}]}]})",
      R"({"model":"m","messages":[{"content":[{"type":"tool_use","input":{"type":"file","content":"mail jane","url":"jane"}}]}]})"};
  for (const char* body : words)
    EXPECT_EQ(changed(body, true).find("jane"), std::string::npos) << changed(body, true);
  // What is bytes, or says where they are, goes as it is.
  for (const char* part :
       {R"({"type":"image","source":{"type":"base64","data":"aGVsbG8="}})",
        R"({"type":"image_url","image_url":{"url":"https://example.com/a.png"}})",
        R"({"type":"input_image","image_url":"https://example.com/a.png"})",
        R"({"type":"input_audio","input_audio":{"data":"aGVsbG8="}})",
        R"({"type":"file","file":{"file_data":"data:application/pdf;base64,aGVsbG8="}})"}) {
    const std::string body =
        std::string(R"({"model":"m","messages":[{"role":"user","content":[)") + part + "]}]}";
    EXPECT_EQ(changed(body, true), body);
    EXPECT_EQ(changed(body).substr(0, 8), "refused:") << part;
  }
}

TEST(Conversation, WhatAToolIsCalledWithIsNoAttachment) {
  const auto with = [](const std::string& input) {
    return changed(R"({"model":"m","messages":[{"content":[{"type":"tool_use","input":)" + input +
                   "}]}]}");
  };
  EXPECT_THAT(with(R"({"type":"file","PATH":"a.txt"})"),
              ::testing::HasSubstr(R"({"TYPE":"FILE","PATH":"A.TXT"})"));
  EXPECT_EQ(with(R"({"type":"image","a":"data:image/png;base64,AAAA"})").substr(0, 8), "refused:");
}

TEST(Conversation, AnErrorOfTheChangeStopsIt) {
  auto conversation = read_conversation(R"({"model":"m","input":["a","b"]})");
  int asked = 0;
  const auto done = change_texts(*conversation, false,
                                 {[&](std::string_view) -> Result<std::string> {
                                    ++asked;
                                    return fail(ErrorCode::kInvalidInput, "no");
                                  },
                                  has_card, [](std::string_view id) { return std::string(id); }});
  EXPECT_FALSE(done);
  EXPECT_EQ(asked, 1);
}

}  // namespace
}  // namespace sluice::models
