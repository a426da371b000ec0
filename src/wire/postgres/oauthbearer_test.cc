#include "wire/postgres/oauthbearer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sluice::wire::postgres {
namespace {

using ::testing::HasSubstr;

std::string response(std::string_view auth, std::string_view header = "n,,") {
  return std::string(header) + "\x01" + std::string(auth) + "\x01\x01";
}

TEST(OauthBearer, ExampleOfTheRfc) {
  // RFC 7628, section 4.1, without its authzid and host.
  const std::string data = response(
      "port=143\x01"
      "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
  const auto token = decode_oauthbearer(data);
  ASSERT_TRUE(token) << token.error().text;
  EXPECT_EQ(*token, "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
}

TEST(OauthBearer, SchemeInAnyCaseAndSeveralSpaces) {
  EXPECT_EQ(decode_oauthbearer(response("auth=bearer  abc")).value(), "abc");
  EXPECT_EQ(decode_oauthbearer(response("auth=BEARER abc", "y,,")).value(), "abc");
}

TEST(OauthBearer, WithoutATokenTheClientAsksHowToGetOne) {
  EXPECT_EQ(decode_oauthbearer(response("auth=")).value(), "");
}

TEST(OauthBearer, EverythingElseIsRefused) {
  using namespace std::string_literals;
  for (const std::string& data :
       {""s, "n,,"s, "n,,\x01"s, "n,,\x01\x01"s, response("auth=Bearer "),
        response("auth=Basic abc"), response("auth=Bearer a b"), response("auth=Bearer a=b"),
        response("auth=Bearer ="), response("auth=Bearer abc", "n,a=bob,"),
        response("auth=Bearer abc", "p=tls-unique,,"), response("auth=Bearer abc", "x,,"),
        response("auth=Bearer abc\x01"s + "auth=Bearer abc"), response("=x"), response("host=x"),
        response("auth=Bearer abc") + "x", "n,,\x01"s + "auth=Bearer abc\x01"s,
        response("a1=x\x01"s + "auth=Bearer abc"), response("auth=Bearer a\0c"s)}) {
    const auto token = decode_oauthbearer(data);
    ASSERT_FALSE(token) << data;
    EXPECT_EQ(token.error().code, ErrorCode::kProtocol);
    EXPECT_THAT(token.error().text, HasSubstr("OAUTHBEARER"));
  }
}

RC_GTEST_PROP(OauthBearer, AnyTokenComesBack, ()) {
  const auto token = *rc::gen::nonEmpty(
      rc::gen::container<std::string>(rc::gen::elementOf(std::string("abcXYZ019-._~+/"))));
  const std::string data = response("auth=Bearer " + token);
  RC_ASSERT(decode_oauthbearer(data).value() == token);
}

TEST(OauthBearer, ErrorsAreJson) {
  EXPECT_EQ(oauthbearer_error("", ""), R"({"status":"invalid_token"})");
  EXPECT_EQ(
      oauthbearer_error("https://a/\"x\\", "openid email"),
      R"({"status":"invalid_token","openid-configuration":"https://a/\"x\\","scope":"openid email"})");
}

}  // namespace
}  // namespace sluice::wire::postgres
