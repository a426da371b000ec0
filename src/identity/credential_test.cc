#include "identity/credential.h"

#include <set>

#include <gtest/gtest.h>

namespace sluice::identity {
namespace {

TEST(CredentialSecret, HasAFormThatScannersFind) {
  const SecretString secret = make_credential_secret();
  const std::string text(secret.reveal());
  EXPECT_EQ(text.size(), 53U);
  EXPECT_TRUE(text.starts_with("slc_"));
  EXPECT_EQ(
      text.find_first_not_of("_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
      std::string::npos);
  EXPECT_TRUE(is_credential_secret(text));
}

TEST(CredentialSecret, AnyChangedCharacterIsNoticed) {
  const std::string text(make_credential_secret().reveal());
  for (size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == 'x' ? 'y' : 'x';
    EXPECT_FALSE(is_credential_secret(changed)) << i;
  }
  EXPECT_FALSE(is_credential_secret(""));
  EXPECT_FALSE(is_credential_secret(text + "0"));
  EXPECT_FALSE(is_credential_secret(text.substr(1)));
}

TEST(CredentialSecret, UsesEveryDigitAboutAsOften) {
  std::array<int, 256> seen{};
  std::set<std::string> all;
  for (int i = 0; i < 2000; ++i) {
    const std::string text(make_credential_secret().reveal());
    EXPECT_TRUE(all.insert(text).second);
    for (const unsigned char c : text.substr(4, 43)) ++seen[c];
  }
  int digits = 0;
  for (const int count : seen) {
    if (count == 0) continue;
    ++digits;
    EXPECT_GT(count, 1100);  // 1387 expected, standard deviation 37.
    EXPECT_LT(count, 1680);
  }
  EXPECT_EQ(digits, 62);
}

TEST(Credential, IsGoodWhereItIsMeantFor) {
  Credential credential;
  EXPECT_TRUE(credential.good_for("orders"));
  credential.databases = {"orders", "hr"};
  EXPECT_TRUE(credential.good_for("hr"));
  EXPECT_FALSE(credential.good_for("order"));
  EXPECT_FALSE(credential.good_for(""));
}

TEST(Credential, LivesUntilItExpiresOrIsRevoked) {
  Credential credential;
  credential.expires_micros = 100;
  EXPECT_TRUE(credential.live(99));
  EXPECT_FALSE(credential.live(100));
  credential.revoked_micros = 50;
  EXPECT_FALSE(credential.live(60));
}

}  // namespace
}  // namespace sluice::identity
