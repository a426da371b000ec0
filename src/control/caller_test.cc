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
