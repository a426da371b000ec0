#include "gateway/wanted_database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

using config::SslMode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

store::KeptDatabase wanted(const std::string& url = "postgres://db.internal:5433/orders") {
  store::KeptDatabase row;
  row.name = "orders";
  row.environment = "production";
  row.url = url;
  row.user = "sluice";
  return row;
}

std::string refused(const store::KeptDatabase& row, const std::string& password = "secret") {
  const auto config = config_of(row, SecretString(password));
  if (config) return "taken";
  EXPECT_EQ(config.error().code, ErrorCode::kInvalidInput);
  return config.error().text;
}

TEST(WantedDatabase, IsOneAsOfTheConfiguration) {
  auto row = wanted();
  row.masking = false;
  row.stamp_writes = true;
  row.pool_size = 3;
  const auto config = config_of(row, SecretString("secret"));
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->name, "orders");
  EXPECT_EQ(config->host, "db.internal");
  EXPECT_EQ(config->port, 5433);
  EXPECT_EQ(config->server_database, "orders");
  EXPECT_EQ(config->user, "sluice");
  EXPECT_EQ(config->password.reveal(), "secret");
  EXPECT_FALSE(config->masking);
  EXPECT_TRUE(config->stamp_writes);
  EXPECT_EQ(config->pool.size, 3U);
}

TEST(WantedDatabase, TlsIsCheckedUnlessSaidOtherwise) {
  EXPECT_EQ(config_of(wanted(), SecretString("s"))->sslmode, SslMode::kVerifyFull);
  const auto here = config_of(wanted("postgres://127.0.0.1/orders"), SecretString("s"));
  EXPECT_EQ(here->sslmode, SslMode::kDisable);
  EXPECT_THAT(here->require_auth, ElementsAre("scram-sha-256"));
  const auto open = config_of(wanted("postgres://db/orders?sslmode=disable"), SecretString("s"));
  EXPECT_EQ(open->sslmode, SslMode::kDisable);
  for (const char* mode : {"prefer", "allow"}) {
    EXPECT_THAT(refused(wanted(std::string("postgres://db/orders?sslmode=") + mode)),
                HasSubstr("must not leave it to the network"));
  }
}

TEST(WantedDatabase, Threat102_NothingOfTheGatewaysMachine) {
  EXPECT_THAT(refused(wanted("postgres:///orders?host=/var/run/postgresql")), HasSubstr("sockets"));
  for (const char* option : {"sslrootcert", "sslcert", "sslkey"}) {
    EXPECT_THAT(refused(wanted("postgres://db/orders?" + std::string(option) + "=/etc/shadow")),
                HasSubstr("files of the gateway's machine"));
  }
  EXPECT_EQ(refused(wanted("postgres://db/orders?sslrootcert=system")), "taken");
}

TEST(WantedDatabase, Threat102_NothingIsSmuggledBehindAZeroByte) {
  for (const char* url : {"postgres://db/hr%00options%00-c%20x=y", "postgres://db/h%0ar",
                          "postgres://db/hr?sslmode=require%00", "postgres://db/hr%7f"})
    EXPECT_THAT(refused(wanted(url)), HasSubstr("control characters")) << url;
}

TEST(WantedDatabase, Threat102_AServerHasToAskForThePassword) {
  EXPECT_THAT(refused(wanted("postgres://db/orders?require_auth=none")), HasSubstr("anybody's"));
  const auto config = config_of(wanted(), SecretString("s"));
  EXPECT_THAT(config->require_auth, ElementsAre("scram-sha-256", "md5", "password"));
  EXPECT_THAT(refused(wanted(), ""), HasSubstr("password: "));
  EXPECT_THAT(refused(wanted(), "two\nlines"), HasSubstr("password: "));
}

TEST(WantedDatabase, NamesArePlain) {
  for (const char* name : {"", "a/b", "a b", ".a", "models/x", "ä", "a\nb"}) {
    auto row = wanted();
    row.name = name;
    EXPECT_THAT(refused(row), HasSubstr("name: ")) << name;
  }
  auto row = wanted();
  row.environment.clear();
  EXPECT_THAT(refused(row), HasSubstr("environment: "));
  row = wanted();
  row.user.clear();
  EXPECT_THAT(refused(row), HasSubstr("user: "));
  EXPECT_THAT(refused(wanted("mysql://db/orders")), HasSubstr("url: expected a url such as"));
  EXPECT_THAT(refused(wanted("postgres://u:p@db/orders")), HasSubstr("user or password"));
}

TEST(WantedDatabase, AnAuthorityIsOfUseOrRefused) {
  auto row = wanted("postgres://127.0.0.1/orders");
  row.authority = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n";
  EXPECT_EQ(config_of(row, SecretString("s"))->sslmode, SslMode::kVerifyFull);
  row.url += "?sslmode=disable";
  EXPECT_THAT(refused(row), HasSubstr("sslmode=disable"));
  row = wanted();
  row.authority = "/etc/shadow";
  EXPECT_THAT(refused(row), HasSubstr("authority: certificates as PEM"));
}

TEST(WantedDatabase, SomeChangesAreOfThePlaceSomeOfTheRules) {
  const auto row = wanted();
  auto other = row;
  other.environment = "staging";
  EXPECT_TRUE(goes_to_the_same_place(row, other));
  EXPECT_FALSE(is_judged_alike(row, other));
  other = row;
  other.masking = !row.masking;
  EXPECT_FALSE(is_judged_alike(row, other));
  other = row;
  other.url += "x";
  EXPECT_FALSE(goes_to_the_same_place(row, other));
  EXPECT_TRUE(is_judged_alike(row, other));
}

TEST(WantedDatabase, WordsHaveNoSecret) {
  EXPECT_EQ(words_of(wanted()),
            "postgres://db.internal:5433/orders as sluice, environment production, masking on");
}

}  // namespace
}  // namespace sluice::gateway
