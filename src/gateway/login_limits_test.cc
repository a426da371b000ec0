#include "gateway/login_limits.h"

#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class LoginLimitsTest : public ::testing::Test {
 protected:
  void fail(const std::string& user, const std::string& source, unsigned times = 1) {
    for (unsigned i = 0; i < times; ++i) limits.failed(user, source, config, now);
  }
  Duration wait(const std::string& user, const std::string& source) {
    return limits.wait(user, source, now);
  }

  config::LoginLimits config;
  LoginLimits limits;
  Clock::time_point now = Clock::now();
};

TEST_F(LoginLimitsTest, SomeFailuresAreFreeThenTheWaitDoubles) {
  fail("alice", "10.0.0.1", config.failures);
  EXPECT_EQ(wait("alice", "10.0.0.1"), Duration::zero());
  fail("alice", "10.0.0.1");
  EXPECT_EQ(wait("alice", "10.0.0.1"), config.backoff);
  fail("alice", "10.0.0.1", 2);
  EXPECT_EQ(wait("alice", "10.0.0.1"), 4 * config.backoff);
  now += 4 * config.backoff;
  EXPECT_EQ(wait("alice", "10.0.0.1"), Duration::zero());
  fail("alice", "10.0.0.1", 40);
  EXPECT_EQ(wait("alice", "10.0.0.1"), config.longest_backoff);
}

TEST_F(LoginLimitsTest, OthersAndOtherSourcesGoOn) {
  fail("alice", "10.0.0.1", 3 * config.failures);
  EXPECT_GT(wait("alice", "10.0.0.1"), Duration::zero());
  EXPECT_EQ(wait("bob", "10.0.0.1"), Duration::zero());
  EXPECT_EQ(wait("alice", "10.0.0.2"), Duration::zero());
}

TEST_F(LoginLimitsTest, AllAddressesOfOneHostAreOneSource) {
  fail("alice", "2001:db8:1:2::1", config.failures + 1);
  EXPECT_EQ(wait("alice", "2001:db8:1:2::2"), config.backoff);
  EXPECT_EQ(wait("alice", "2001:db8:1:3::1"), Duration::zero());
  for (unsigned i = 0; i <= config.failures_per_source; ++i)
    limits.failed("2001:db8:7:7::" + std::to_string(i), config, now);
  EXPECT_GT(limits.wait("2001:db8:7:7:ffff::1", now), Duration::zero());
  EXPECT_EQ(limits.wait("2001:db8:7:8::1", now), Duration::zero());
}

TEST_F(LoginLimitsTest, AProxyIsNoSourceThatWaits) {
  for (unsigned i = 0; i < 3 * config.failures_per_source; ++i) {
    limits.failed("", config, now);
    fail("user" + std::to_string(i), "");
  }
  EXPECT_EQ(limits.wait("", now), Duration::zero());
  EXPECT_EQ(wait("bob", ""), Duration::zero());
  fail("bob", "", config.failures + 1);
  EXPECT_GT(wait("bob", ""), Duration::zero());
}

TEST_F(LoginLimitsTest, FailuresAreForgotten) {
  fail("alice", "10.0.0.1", config.failures);
  now += config.window + seconds(1);
  fail("alice", "10.0.0.1");
  EXPECT_EQ(wait("alice", "10.0.0.1"), Duration::zero());
}

TEST_F(LoginLimitsTest, SuccessClearsThePairOnly) {
  fail("alice", "10.0.0.1", config.failures);
  limits.succeeded("alice", "10.0.0.1", now);
  fail("alice", "10.0.0.1", config.failures);
  EXPECT_EQ(wait("alice", "10.0.0.1"), Duration::zero());
  fail("alice", "10.0.0.1");
  EXPECT_GT(wait("alice", "10.0.0.1"), Duration::zero());
}

TEST_F(LoginLimitsTest, OneSourceThatTriesManyNamesIsSlowed) {
  for (unsigned i = 0; i <= config.failures_per_source; ++i)
    fail("user" + std::to_string(i), "10.0.0.1");
  EXPECT_GT(wait("somebody else", "10.0.0.1"), Duration::zero());
  EXPECT_EQ(wait("somebody else", "10.0.0.2"), Duration::zero());
}

TEST_F(LoginLimitsTest, ManySourcesThatTryOneNameAreSlowedButNeverForLong) {
  for (unsigned i = 0; i < 20 * config.failures_per_user; ++i)
    fail("alice", "10.0." + std::to_string(i / 200) + "." + std::to_string(i % 200));
  EXPECT_EQ(wait("alice", "192.0.2.1"), config.backoff);
}

TEST_F(LoginLimitsTest, AnAttackerLocksNobodyOutWhereTheyUseToLogIn) {
  limits.succeeded("alice", "192.0.2.1", now);
  for (unsigned i = 0; i < 20 * config.failures_per_user; ++i)
    fail("alice", "10.0." + std::to_string(i / 200) + "." + std::to_string(i % 200));
  // Behind the same address translation, too.
  for (unsigned i = 0; i < 3 * config.failures_per_source; ++i)
    fail("user" + std::to_string(i), "192.0.2.1");
  EXPECT_EQ(wait("alice", "192.0.2.1"), Duration::zero());
  EXPECT_GT(wait("bob", "192.0.2.1"), Duration::zero());
}

TEST_F(LoginLimitsTest, MadeUpNamesDoNotFillTheMemory) {
  const auto began = Clock::now();
  for (int i = 0; i < 100'000; ++i) fail("user" + std::to_string(i), std::to_string(i));
  // Nor does each failure look through all that is kept: that took minutes.
  EXPECT_LT(Clock::now() - began, std::chrono::seconds(30));
}

TEST_F(LoginLimitsTest, WhoNamesNobodyIsCountedBySource) {
  for (unsigned i = 0; i < config.failures_per_source; ++i) limits.failed("10.0.0.1", config, now);
  EXPECT_EQ(limits.wait("10.0.0.1", now), Duration::zero());
  limits.failed("10.0.0.1", config, now);
  EXPECT_EQ(limits.wait("10.0.0.1", now), config.backoff);
  EXPECT_EQ(limits.wait("10.0.0.2", now), Duration::zero());
  EXPECT_EQ(wait("alice", "10.0.0.1"), config.backoff) << "whoever they are";
  EXPECT_EQ(wait("alice", "10.0.0.2"), Duration::zero());
}

}  // namespace
}  // namespace sluice::gateway
