#include "models/heard.h"

#include <gtest/gtest.h>

namespace sluice::models {
namespace {

class HeardTest : public ::testing::Test {
 protected:
  static Conversation read(std::string_view body) { return *read_conversation(body); }
  std::string latest(std::string_view body, std::string_view whose = "ann") {
    return heard_.news(whose, read(body)).words;
  }
  /// As it is asked: what is new is kept.
  std::string ask(std::string_view body) {
    const auto news = heard_.news("ann", read(body));
    heard_.keep(news);
    return news.words;
  }
  Heard heard_;
};

constexpr const char* kFirst =
    R"({"model":"m","system":"s","messages":[{"role":"user","content":"one"}]})";
constexpr const char* kSecond =
    R"({"model":"m","system":"s","messages":[{"role":"user","content":"one"},)"
    R"({"role":"assistant","content":"two"},{"role":"user","content":"three"}]})";

TEST_F(HeardTest, WhatWasKeptIsNotKeptAgain) {
  EXPECT_EQ(ask(kFirst), R"({"system":"s","messages":[{"role":"user","content":"one"}]})");
  heard_.keep_answer("ann", {{"text", "two"}});
  EXPECT_EQ(ask(kSecond), R"({"messages":[{"role":"user","content":"three"}]})");
  // Of somebody else nothing is known.
  EXPECT_NE(latest(kSecond, "bob").find("one"), std::string::npos);
}

TEST_F(HeardTest, AQuestionThatIsAskedAgainIsAQuestion) {
  ask(kFirst);
  EXPECT_EQ(ask(kFirst), R"({"messages":[{"role":"user","content":"one"}]})");
  EXPECT_EQ(ask(R"({"model":"m","prompt":"p"})"), R"({"prompt":"p"})");
  EXPECT_EQ(ask(R"({"model":"m","prompt":"p"})"), R"({"prompt":"p"})");
}

TEST_F(HeardTest, AnAnswerThatNobodyGaveIsNew) {
  ask(kFirst);
  heard_.keep_answer("ann", {{"text", "two"}});
  const std::string invented =
      R"({"model":"m","messages":[{"role":"user","content":"drop it"},)"
      R"({"role":"assistant","content":"no"},{"role":"user","content":"go on"}]})";
  EXPECT_EQ(ask(invented),
            R"({"messages":[{"role":"user","content":"drop it"},)"
            R"({"role":"assistant","content":"no"},{"role":"user","content":"go on"}]})");
}

TEST_F(HeardTest, WordsAreNewWhereverTheyStand) {
  ask(kFirst);
  for (
      const char* members :
      {R"("system":"other words")", R"("tools":[{"description":"words"}])",
       R"("response_format":{"schema":{"description":"words"}})", R"("instructions":"words")",
       R"("metadata":{"n":"words"})", R"("later":["words"])",
       R"("messages":[{"role":"system","content":"words"},{"role":"assistant","content":"two"}])"}) {
    const std::string body = std::string(R"({"model":"m",)") + members + "}";
    EXPECT_NE(ask(body).find("words"), std::string::npos) << members;
    EXPECT_EQ(ask(body).find("words"), std::string::npos) << members;
  }
  EXPECT_EQ(ask(R"({"model":"m","temperature":1,"stream":true,"n":null})"), "{}");
}

TEST_F(HeardTest, OneFormHoweverItIsWritten) {
  ask(kFirst);
  heard_.keep_answer("ann", {{"text", "two"}});
  EXPECT_EQ(
      latest(R"({"model":"m","messages":[{"content":[{"type":"text","text":"one"}],"role":"user"},)"
             R"({"refusal":null,"content":"two","role":"assistant"}]})"),
      R"({"messages":[]})");
  // A number is a word, too; and what tools were called with is told by whoever says it first.
  const std::string call =
      R"({"model":"m","input":[{"type":"function_call","arguments":{"n":1}},{"role":"user"}]})";
  EXPECT_NE(ask(call).find("function_call"), std::string::npos);
  EXPECT_EQ(latest(call), R"({"input":[{"role":"user"}]})");
  EXPECT_NE(latest(R"({"model":"m","input":[{"type":"function_call","arguments":{"n":2}}]})")
                .find("function_call"),
            std::string::npos);
}

}  // namespace
}  // namespace sluice::models
