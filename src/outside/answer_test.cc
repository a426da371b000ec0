#include "outside/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "http/webhook_signature.h"

namespace sluice::outside {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kNow = 1'700'000'000'000'000;

config::WebhookConfig webhook(config::WebhookFormat format) {
  config::WebhookConfig out;
  out.name = "w";
  out.format = format;
  out.answers = true;
  out.secret = SecretString("a secret of some length");
  return out;
}

/// payload={"type":"block_actions","user":{"id":"U1"},"actions":[{"action_id":"approve",
/// "value":"12.abc"}]}
const std::string kSlack =
    "payload=%7B%22type%22%3A%22block_actions%22%2C%22user%22%3A%7B%22id%22%3A%22U1%22%7D%2C%22"
    "actions%22%3A%5B%7B%22action_id%22%3A%22approve%22%2C%22value%22%3A%2212.abc%22%7D%5D%7D";
const std::string kJson =
    R"({"request": 12, "token": "abc", "verdict": "reject", "person": "d@x", "comment": "no"})";

TEST(Answer, ReadsWhatSlackSends) {
  const auto answer = parse_slack_answer(kSlack);
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->request, 12);
  EXPECT_EQ(answer->token, "abc");
  EXPECT_EQ(answer->person, "U1");
  EXPECT_EQ(answer->verdict, approval::Verdict::kApprove);
}

TEST(Answer, ReadsJson) {
  const auto answer = parse_json_answer(kJson);
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->request, 12);
  EXPECT_EQ(answer->verdict, approval::Verdict::kReject);
  EXPECT_EQ(answer->person, "d@x");
  EXPECT_EQ(answer->comment, "no");
  EXPECT_EQ(*parse_json_answer(R"({"request":1,"token":"t","verdict":"approve","person":"p",
                                   "max_rows":5})")
                 ->max_rows,
            5U);
}

TEST(Answer, Threat66_NothingElseIsAnAnswer) {
  for (const char* body :
       {"", "payload=", "payload=%7", "payload=%7B%7D", "payload={}&payload={}", "x=1",
        "payload={\"type\":\"view_submission\"}",
        "payload={\"type\":\"block_actions\",\"actions\":[]}",
        "payload={\"type\":\"block_actions\",\"actions\":[{\"action_id\":\"comment\"}]}",
        "payload={\"type\":\"block_actions\",\"actions\":[{\"action_id\":\"approve\",\"value\":"
        "\"x\"}"
        "],\"user\":{\"id\":\"U1\"}}",
        "payload={\"type\":\"block_actions\",\"actions\":[{\"action_id\":\"approve\",\"value\":"
        "\"12\""
        "}],\"user\":{\"id\":\"U1\"}}",
        "payload={\"type\":\"block_actions\",\"actions\":[{\"action_id\":\"approve\",\"value\":"
        "\"12.a\"}],\"user\":{\"id\":7}}"})
    EXPECT_FALSE(parse_slack_answer(body)) << body;
  for (const char* body :
       {"", "[]", "{}", R"({"request":-1,"token":"t","verdict":"approve","person":"p"})",
        R"({"request":"1","token":"t","verdict":"approve","person":"p"})",
        R"({"request":1,"verdict":"approve","person":"p"})",
        R"({"request":1,"token":"t","verdict":"approve"})",
        R"({"request":1,"token":"t","verdict":"allow","person":"p"})",
        R"({"request":1,"token":"t","verdict":"reject","person":"p","max_rows":1})",
        R"({"request":1,"token":"t","verdict":"approve","person":"p","max_rows":-1})"})
    EXPECT_FALSE(parse_json_answer(body)) << body;
  EXPECT_FALSE(parse_json_answer(std::string(kLongestAnswer + 1, ' ')));
}

TEST(Answer, Threat66_OnlyWhatIsSignedNowIsBelieved) {
  const auto config = webhook(config::WebhookFormat::kJson);
  auto headers = http::webhook_headers(config.secret, "id-1", kNow / 1'000'000, kJson);
  const auto read = [&](const config::WebhookConfig& to, int64_t now = kNow) {
    return read_answer(
        to,
        {headers["webhook-id"], headers["webhook-timestamp"], headers["webhook-signature"], "", ""},
        kJson, now);
  };
  ASSERT_TRUE(read(config)) << read(config).error().text;
  EXPECT_EQ(read(config)->id, read(config)->id);
  EXPECT_EQ(read(config, kNow + 301'000'000).error().code, ErrorCode::kAuthentication);
  auto other = config;
  other.secret = SecretString("another secret of length");
  EXPECT_EQ(read(other).error().code, ErrorCode::kAuthentication);
  other = config;
  other.answers = false;
  EXPECT_EQ(read(other).error().code, ErrorCode::kDenied);
  EXPECT_EQ(read(webhook(config::WebhookFormat::kSlack)).error().code, ErrorCode::kAuthentication)
      << "another way of signing than the one that is configured";
}

TEST(Answer, Threat67_APersonIsOneUserOrNobody) {
  identity::User dora, erin, gone;
  dora.name = "dora";
  dora.attributes = {{"slack", "U1"}};
  erin.name = "erin";
  erin.attributes = {{"slack", "U2"}};
  gone.name = "gone";
  gone.attributes = {{"slack", "U3"}};
  gone.disabled = true;
  const identity::Directory directory({dora, erin, gone}, 1);
  EXPECT_EQ((*find_person(directory, "slack", "U1"))->name, "dora");
  EXPECT_THAT(find_person(directory, "slack", "U9").error().text, HasSubstr("no user has"));
  EXPECT_THAT(find_person(directory, "slack", "U3").error().text, HasSubstr("is disabled"));
  EXPECT_THAT(find_person(directory, "email", "U1").error().text, HasSubstr("no user has"));
  erin.attributes = {{"slack", "U1"}};
  const identity::Directory doubled({dora, erin}, 1);
  EXPECT_THAT(find_person(doubled, "slack", "U1").error().text, HasSubstr("more than one"));
}

}  // namespace
}  // namespace sluice::outside
