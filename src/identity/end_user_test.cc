#include "identity/end_user.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::identity {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kNow = 1'800'000'000;
const SecretString kKey("key");

std::string signed_text(int64_t lives = 60, std::string session = "", std::string name = "дора") {
  return sign_end_user({std::move(name), kNow + lives, std::move(session)}, "shop", kKey);
}

std::string verified(std::string_view text, std::string_view service = "shop",
                     std::string_view session = "42", const SecretString& key = kKey) {
  const auto name = verify_end_user(text, service, key, session, kNow * 1'000'000);
  return name ? *name : "refused: " + name.error().text;
}

TEST(EndUser, TheFormatIsAsDocumented) {
  // python3: base64url(hmac.digest(b"key", b"sluice-end-user-v1\nshop\ndora\n1800000060\n42",
  // "sha256"))
  EXPECT_EQ(sign_end_user({"dora", kNow + 60, "42"}, "shop", kKey).substr(0, 24),
            "v1.ZG9yYQ.1800000060.42.");
  EXPECT_EQ(verified(signed_text()), "дора");
  EXPECT_EQ(verified(signed_text(300, "42")), "дора");
}

TEST(EndUser, Threat63_NothingElseIsBelieved) {
  EXPECT_THAT(verified(signed_text(0)), HasSubstr("expired"));
  EXPECT_THAT(verified(signed_text(301)), HasSubstr("longer than 300 s"));
  EXPECT_THAT(verified(signed_text(60, "43")), HasSubstr("another session"));
  EXPECT_THAT(verified(signed_text(), "other"), HasSubstr("not signed"));
  EXPECT_THAT(verified(signed_text(), "shop", "42", SecretString("other")),
              HasSubstr("not signed"));
  EXPECT_THAT(verified(sign_end_user({"dora", kNow + 60, ""}, "shop", SecretString("")), "shop",
                       "42", SecretString("")),
              HasSubstr("not signed"));
  EXPECT_THAT(verified(signed_text(60, "", "a\nb")), HasSubstr("cannot be read"));
  EXPECT_THAT(verified(signed_text(60, "", std::string(101, 'a'))), HasSubstr("cannot be read"));
  EXPECT_THAT(verified("dora"), HasSubstr("the form"));
  EXPECT_THAT(verified(""), HasSubstr("the form"));
  EXPECT_THAT(verified(signed_text() + ".x"), HasSubstr("the form"));
  EXPECT_THAT(verified(signed_text() + "="), HasSubstr("cannot be read"));
}

TEST(EndUser, Threat63_EveryOtherCharacterIsRefused) {
  const std::string good = signed_text(60, "42", "dora");
  ASSERT_EQ(verified(good), "dora");
  for (size_t i = 0; i < good.size(); ++i) {
    for (const char c : {'A', 'z', '0', '-', '.', '\0'}) {
      std::string bad = good;
      if (bad[i] == c) continue;
      bad[i] = c;
      // The last character of the MAC has two bits that stand for nothing.
      if (i + 1 == good.size() && verified(bad) == "dora") continue;
      EXPECT_THAT(verified(bad), HasSubstr("refused")) << i << " " << c;
    }
  }
}

}  // namespace
}  // namespace sluice::identity
