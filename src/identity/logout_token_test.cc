#include "identity/logout_token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::identity {
namespace {

using boost::json::object;
using ::testing::HasSubstr;

constexpr int64_t kNow = 1'800'000'000;

config::IssuerConfig issuer() {
  config::IssuerConfig config;
  config.name = "corp";
  config.issuer = "https://login.example.com";
  return config;
}

object good() {
  return {{"iat", kNow},
          {"jti", "one"},
          {"events", {{"http://schemas.openid.net/event/backchannel-logout", object{}}}}};
}

std::string refusal(const object& claims, int64_t now = kNow) {
  const auto event = logged_out({"s-1", kNow + 60, claims}, issuer(), now);
  return event ? "taken" : event.error().text;
}

object with(std::string_view name, const boost::json::value& value) {
  object claims = good();
  claims[name] = value;
  return claims;
}

TEST(LogoutToken, SaysWhoIsLoggedOut) {
  const auto event = logged_out({"s-1", kNow + 60, good()}, issuer(), kNow);
  ASSERT_TRUE(event) << event.error().text;
  EXPECT_EQ(event->issuer, "https://login.example.com");
  EXPECT_EQ(event->issuer_name, "corp");
  EXPECT_EQ(event->subject, "s-1");
  EXPECT_EQ(event->token_id, "one");
}

TEST(LogoutToken, RefusesWhatTellsOfNoLogout) {
  object bare = good();
  bare.erase("events");
  EXPECT_THAT(refusal(bare), HasSubstr("(events)"));
  for (const boost::json::value& events :
       {boost::json::value(nullptr), boost::json::value("x"), boost::json::value(object{}),
        boost::json::value(object{{"http://schemas.openid.net/event/other", object{}}}),
        boost::json::value(
            object{{"http://schemas.openid.net/event/backchannel-logout", nullptr}})}) {
    EXPECT_THAT(refusal(with("events", events)), HasSubstr("(events)")) << events;
  }
  EXPECT_THAT(refusal(with("nonce", "n")), HasSubstr("(nonce)"));
  for (const boost::json::value& id :
       {boost::json::value(nullptr), boost::json::value(1), boost::json::value(""),
        boost::json::value(std::string(256, 'x'))}) {
    EXPECT_THAT(refusal(with("jti", id)), HasSubstr("(jti)")) << id;
  }
}

TEST(LogoutToken, IsLateAfterTenMinutesAndAClocksDifference) {
  EXPECT_EQ(refusal(good(), kNow + 660), "taken");
  EXPECT_THAT(refusal(good(), kNow + 661), HasSubstr("too late"));
}

TEST(LogoutToken, CountsOnceUntilItIsTooLateToBeTaken) {
  LogoutTokens tokens;
  const auto event = *logged_out({"s-1", kNow + 60, good()}, issuer(), kNow);
  EXPECT_FALSE(tokens.was_done(event, kNow));
  tokens.done(event);
  EXPECT_TRUE(tokens.was_done(event, kNow + 660));
  LoggedOut other = event;
  other.issuer = "https://another.example";
  EXPECT_FALSE(tokens.was_done(other, kNow + 660));
  EXPECT_FALSE(tokens.was_done(event, kNow + 661));
}

}  // namespace
}  // namespace sluice::identity
