#include "stream/webhook.h"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stream/test_records.h"

namespace sluice::stream {
namespace {

using ::testing::HasSubstr;

TEST(Webhook, SignsAsTheSpecificationsExample) {
  const auto key = webhook_key(SecretString("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
  ASSERT_TRUE(key) << key.error().text;
  const auto headers =
      webhook_headers(*key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, "{\"test\": 2432232314}");
  EXPECT_EQ(headers.at("webhook-id"), "msg_p5jXN8AQM9LWM0D4loKWxJek");
  EXPECT_EQ(headers.at("webhook-timestamp"), "1614265330");
  EXPECT_EQ(headers.at("webhook-signature"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(Webhook, TheSignatureCoversIdTimeAndBody) {
  const SecretString key("0123456789abcdef0123456789abcdef");
  const auto sign = [&](const char* id, int64_t time, const char* body) {
    return webhook_headers(key, id, time, body).at("webhook-signature");
  };
  const auto original = sign("a", 1, "x");
  EXPECT_EQ(original, sign("a", 1, "x"));
  EXPECT_NE(original, sign("b", 1, "x"));
  EXPECT_NE(original, sign("a", 2, "x"));
  EXPECT_NE(original, sign("a", 1, "y"));
  EXPECT_NE(original, webhook_headers(SecretString("another key, as long as it"), "a", 1, "x")
                          .at("webhook-signature"));
}

TEST(Webhook, IsSignedByBothWhileASecretIsReplaced) {
  const SecretString new_one("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  const SecretString old_one("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
  const auto keys = webhook_keys(
      SecretString(std::string(new_one.reveal()) + "  " + std::string(old_one.reveal()) + " "));
  ASSERT_TRUE(keys) << keys.error().text;
  ASSERT_EQ(keys->size(), 2U);
  const auto by = [&](const SecretString& secret) {
    return webhook_headers(*webhook_key(secret), "a", 1, "x").at("webhook-signature");
  };
  const auto headers = webhook_headers(*keys, "a", 1, "x");
  EXPECT_EQ(headers.at("webhook-signature"), by(new_one) + " " + by(old_one));
  EXPECT_EQ(headers.at("webhook-id"), "a");
  EXPECT_EQ(headers.at("webhook-timestamp"), "1");
}

TEST(Webhook, ASecretThatCannotSignIsRefused) {
  EXPECT_THAT(webhook_key(SecretString("short")).error().text, HasSubstr("openssl rand"));
  EXPECT_THAT(webhook_key(SecretString("whsec_!!!")).error().text, HasSubstr("no base64"));
  EXPECT_THAT(webhook_key(SecretString("whsec_c2hvcnQ=")).error().text, HasSubstr("16 bytes"));
  EXPECT_THAT(
      webhook_keys(SecretString("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw another")).error().text,
      HasSubstr("each begins with whsec_"));
  EXPECT_EQ(webhook_keys(SecretString("a phrase of some length"))->size(), 1U);
  EXPECT_EQ(webhook_key(SecretString("a phrase of some length"))->reveal(),
            "a phrase of some length");
}

TEST(Webhook, TheBodySaysWhatHappened) {
  const auto body = boost::json::parse(
      webhook_body(config::StreamFormat::kRecord, test_source(), statement_entry()));
  EXPECT_EQ(body.at("type").as_string(), "sluice.statement");
  EXPECT_EQ(body.at("timestamp").as_string(), "2025-11-26T09:40:00.123456Z");
  EXPECT_EQ(body.at("data").at("uid").as_string(), "0123456789abcdef-7");
  EXPECT_EQ(body.at("data").at("user").as_string(), "alice");
  const auto ocsf = boost::json::parse(
      webhook_body(config::StreamFormat::kOcsf, test_source(), statement_entry()));
  EXPECT_EQ(ocsf.at("data").at("class_uid").as_int64(), 6005);
}

}  // namespace
}  // namespace sluice::stream
