#include "http/webhook_signature.h"

#include <gtest/gtest.h>

namespace sluice::http {
namespace {

const SecretString kKey("8f742231b10e8888abcd99yyyzzz85a5");
constexpr int64_t kNow = 1'531'420'618'000'000;

/// The example of Slack's own documentation ("Verifying requests from Slack").
TEST(WebhookSignature, Threat66_SlackSignsTimeAndBody) {
  const std::string body =
      "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id="
      "G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-"
      "collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%"
      "2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121."
      "803a0bc887a14d10d2c447fce8b6703c";
  const std::string right = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
  EXPECT_TRUE(check_slack(kKey, "1531420618", right, body, kNow));
  EXPECT_TRUE(check_slack(kKey, "1531420618", right, body, kNow + 300'000'000));
  EXPECT_FALSE(check_slack(kKey, "1531420618", right, body, kNow + 301'000'000));
  EXPECT_FALSE(check_slack(kKey, "1531420618", right, body, kNow - 301'000'000));
  EXPECT_FALSE(check_slack(kKey, "1531420619", right, body, kNow));
  EXPECT_FALSE(check_slack(kKey, "1531420618", right, body + "x", kNow));
  EXPECT_FALSE(check_slack(kKey, "1531420618", "v0=", body, kNow));
  EXPECT_FALSE(check_slack(SecretString("another key than that"), "1531420618", right, body, kNow));
}

TEST(WebhookSignature, Threat66_StandardWebhooksSignIdTimeAndBody) {
  const auto headers = webhook_headers(kKey, "msg_1", 1'531'420'618, "{}");
  const auto check = [&](std::string_view id, std::string_view time, std::string_view signature,
                         std::string_view body, int64_t now = kNow) {
    return check_webhook(kKey, {id, time, signature}, body, now).has_value();
  };
  const std::string& good = headers.at("webhook-signature");
  EXPECT_TRUE(check("msg_1", "1531420618", good, "{}"));
  EXPECT_TRUE(check("msg_1", "1531420618", "v1,bm90IHRoaXM= " + good, "{}"));
  EXPECT_FALSE(check("msg_2", "1531420618", good, "{}"));
  EXPECT_FALSE(check("msg_1", "1531420617", good, "{}"));
  EXPECT_FALSE(check("msg_1", "1531420618", good, "{ }"));
  EXPECT_FALSE(check("msg_1", "1531420618", "v1a," + good.substr(3), "{}"));
  EXPECT_FALSE(check("msg_1", "1531420618", "", "{}"));
  EXPECT_FALSE(check("msg_1", "1531420618", good, "{}", kNow + 400'000'000));
  // What stands on either side of a point is told apart by the signature of the whole alone.
  EXPECT_FALSE(check("msg_1.1531420618", "", good, "{}"));
}

}  // namespace
}  // namespace sluice::http
