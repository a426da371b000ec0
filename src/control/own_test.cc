#include "control/own.h"

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

std::vector<identity::User> people() {
  identity::User kim;
  kim.name = "kim";
  kim.created_micros = 100;
  return {kim};
}

TEST(Own, WhatWasDoneBeforeIsSomebodyElses) {
  const identity::Directory directory(people(), 1);
  const Reader kim{"kim"};
  EXPECT_TRUE(is_theirs(directory, kim, "kim", "", 100));
  EXPECT_FALSE(is_theirs(directory, kim, "kim", "", 99));
  EXPECT_FALSE(is_theirs(directory, kim, "sam", "", 200));
  EXPECT_FALSE(is_theirs(directory, Reader{"gone"}, "gone", "", 200)) << "a name of nobody";
}

TEST(Own, IsWhereTheCredentialIsGood) {
  auto users = people();
  const std::string secret(identity::make_credential_secret().reveal());
  identity::Credential credential;
  credential.id = "c1";
  credential.user = "kim";
  credential.digest = identity::credential_digest(secret);
  credential.databases = {"orders"};
  credential.expires_micros = INT64_MAX;
  users[0].credentials.push_back(credential);
  const identity::Directory directory(std::move(users), 1);
  HttpRequest request;
  request.user = "kim";
  request.authorization = "Bearer " + secret;
  const Own own = own_of(request, directory);
  EXPECT_EQ(own.since_micros, 100);
  EXPECT_TRUE(own.has("orders"));
  EXPECT_FALSE(own.has("hr"));
  EXPECT_TRUE(Own().has("hr"));
  EXPECT_TRUE(shows_a_credential(request, directory));
  request.authorization = "Bearer slc_other";
  EXPECT_FALSE(shows_a_credential(request, directory));
  request.headers["x-api-key"] = secret;
  EXPECT_TRUE(shows_a_credential(request, directory));
}

}  // namespace
}  // namespace sluice::control
