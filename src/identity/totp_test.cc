#include "identity/totp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "identity/user_store.h"
#include "store/test_store.h"

namespace sluice::identity {
namespace {

TEST(Totp, ExamplesOfRfc6238) {
  // Its appendix B gives eight digits; ours are the last six.
  const std::string secret = "12345678901234567890";
  EXPECT_EQ(totp_code(secret, 59 / 30), "287082");
  EXPECT_EQ(totp_code(secret, 1111111109 / 30), "081804");
  EXPECT_EQ(totp_code(secret, 1111111111 / 30), "050471");
  EXPECT_EQ(totp_code(secret, 1234567890 / 30), "005924");
  EXPECT_EQ(totp_code(secret, 2000000000 / 30), "279037");
  EXPECT_EQ(totp_code(secret, 20000000000 / 30), "353130");
}

TEST(Totp, UriIsWhatAppsRead) {
  EXPECT_EQ(totp_uri("a b", "12345678901234567890"),
            "otpauth://totp/sluice:a%20b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=sluice");
}

class TotpOfAStore : public store::StoreTest {};

TEST_P(TotpOfAStore, EachCodeIsTakenOnceAndNoOlderOneAfterIt) {
  auto database = store_.open();
  UserStore users(database, "root");
  ASSERT_TRUE(users.add({"alice", {}, {}, {}}, SecretString("correct horse")));
  const auto secret = users.enrol_totp("alice");
  ASSERT_TRUE(secret);
  const auto directory = *load_directory(database);
  const User& alice = *directory->find("alice");
  EXPECT_EQ(alice.totp_secret.reveal(), secret->reveal());
  const int64_t now = 1'800'000'000 * int64_t{1'000'000}, step = now / 30'000'000;
  EXPECT_FALSE(*take_totp(database, alice, totp_code(secret->reveal(), step - 2), now));
  EXPECT_FALSE(*take_totp(database, alice, totp_code(secret->reveal(), step + 2), now));
  EXPECT_FALSE(*take_totp(database, alice, "", now));
  const std::string code = totp_code(secret->reveal(), step);
  EXPECT_TRUE(*take_totp(database, alice, code, now));
  EXPECT_FALSE(*take_totp(database, alice, code, now));
  EXPECT_FALSE(*take_totp(database, alice, totp_code(secret->reveal(), step - 1), now));
  EXPECT_TRUE(*take_totp(database, alice, totp_code(secret->reveal(), step + 1), now));
}

SLUICE_FOR_EACH_STORE(TotpOfAStore);

}  // namespace
}  // namespace sluice::identity
