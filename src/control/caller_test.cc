#include "control/caller.h"

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

HttpRequest showing(const std::string& header, const std::string& peer = "127.0.0.1") {
  HttpRequest request;
  request.authorization = header;
  request.peer = peer;
  return request;
}

TEST(Caller, ReadsTheBearer) {
  EXPECT_EQ(bearer_of(showing("Bearer slc_x")), "slc_x");
  EXPECT_EQ(bearer_of(showing("bEARER slc_x")), "slc_x");
  for (const char* header : {"", "Bearer", "Basic slc_x", "slc_x", " slc_x"})
    EXPECT_EQ(bearer_of(showing(header)), "") << header;
}

/// Somebody through whom "robot" acts for "alice", with a credential.
std::vector<identity::User> chain(const std::string& secret) {
  std::vector<identity::User> users(3);
  users[0].name = "robot";
  users[0].kind = identity::UserKind::kAgent;
  users[1].name = "planner";
  users[2].name = "alice";
  identity::Credential credential;
  credential.id = "c1";
  credential.user = "robot";
  credential.digest = identity::credential_digest(secret);
  credential.databases = {"orders"};
  credential.expires_micros = INT64_MAX;
  credential.actors = {"robot", "planner", "alice"};
  users[0].credentials.push_back(credential);
  return users;
}

TEST(Caller, Threat20_AnAgentEndsWithItsPerson) {
  const std::string secret(identity::make_credential_secret().reveal());
  const auto asks = [&](std::vector<identity::User> users) {
    const identity::Directory directory(std::move(users), 1);
    const auto caller = who_asks(showing("Bearer " + secret), directory, "mcp");
    return caller ? caller->user : caller.error().text.substr(0, 14);
  };
  EXPECT_EQ(asks(chain(secret)), "robot");
  for (const size_t who : {0U, 1U, 2U}) {
    auto users = chain(secret);
    users[who].disabled = true;
    EXPECT_EQ(asks(users), "the credential") << users[who].name << " is disabled";
  }
  auto users = chain(secret);
  users.pop_back();
  EXPECT_EQ(asks(users), "the credential") << "the person is gone";
  users = chain(secret);
  users[0].valid_until_micros = 1;
  EXPECT_EQ(asks(users), "the credential") << "the user's time is over";
}

TEST(Caller, WhatElseIsShownMakesNoNewShare) {
  const std::string secret(identity::make_credential_secret().reveal());
  const identity::Directory directory(chain(secret), 1);
  auto request = showing("Bearer " + secret);
  EXPECT_EQ(share_of(request, directory), "user robot");
  request.authorization = "bEARER " + secret;
  request.headers["x-api-key"] = "another";
  EXPECT_EQ(share_of(request, directory), "user robot");
  for (const char* header : {"", "Bearer slc_1", "Bearer slc_2", "Basic x"})
    EXPECT_EQ(share_of(showing(header), directory), "peer 127.0.0.1") << header;
}

TEST(Caller, AHostHasOneShareWithAllItsAddresses) {
  const identity::Directory directory({}, 1);
  const auto share = [&](const char* peer) { return share_of(showing("", peer), directory); };
  EXPECT_EQ(share("2001:db8:1:2::1"), share("2001:db8:1:2:ffff::9"));
  EXPECT_NE(share("2001:db8:1:2::1"), share("2001:db8:1:3::1"));
  EXPECT_NE(share("192.0.2.1"), share("192.0.2.2"));
}

TEST(Caller, Threat70_WhatLetsInDoesNotCrossANetworkInClear) {
  config::IdentityConfig behind;
  behind.behind_tls = true;
  for (const char* peer : {"", "127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(reached_safely(showing("", peer), config::IdentityConfig{})) << peer;
  for (const char* peer : {"10.0.0.1", "::ffff:10.0.0.1", "fe80::1", "128.0.0.1", "1270.0.0.1"}) {
    EXPECT_FALSE(reached_safely(showing("", peer), config::IdentityConfig{})) << peer;
    EXPECT_TRUE(reached_safely(showing("", peer), behind)) << peer;
    HttpRequest over_tls = showing("", peer);
    over_tls.tls = true;
    EXPECT_TRUE(reached_safely(over_tls, config::IdentityConfig{})) << peer;
  }
}

}  // namespace
}  // namespace sluice::control
