#include "identity/password.h"

#include <gtest/gtest.h>

#include "wire/postgres/scram.h"

namespace sluice::identity {
namespace {

TEST(Password, IsTheOneThatWasSet) {
  User user;
  user.scram_verifier = wire::postgres::make_verifier("correct horse", 4096);
  EXPECT_TRUE(is_password_of(user, SecretString("correct horse")));
  EXPECT_FALSE(is_password_of(user, SecretString("correct horsf")));
  EXPECT_FALSE(is_password_of(user, SecretString("")));
}

TEST(Password, NoVerifierLetsNobodyIn) {
  EXPECT_FALSE(is_password_of(User{}, SecretString("")));
  User user;
  user.scram_verifier = "md5abc";
  EXPECT_FALSE(is_password_of(user, SecretString("abc")));
}

}  // namespace
}  // namespace sluice::identity
