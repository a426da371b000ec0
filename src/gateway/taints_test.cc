#include "gateway/taints.h"

#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

constexpr int64_t kDay = int64_t{24} * 3600 * 1'000'000;

policy::Principal agent(const std::string& credential) {
  policy::Principal principal;
  principal.user = "helper";
  principal.credential = credential;
  return principal;
}

TEST(Taints, Threat79_ItFollowsTheRunAndTheCredential) {
  Taints taints;
  taints.known();
  taints.mark(Taints::whose(agent("c1"), "r1"), "helper", 100);
  EXPECT_TRUE(taints.any(Taints::whose(agent("c1"), ""), 200)) << "another session";
  EXPECT_TRUE(taints.any(Taints::whose(agent("c1"), "r2"), 200)) << "another run";
  EXPECT_TRUE(taints.any(Taints::whose(agent("c2"), "r1"), 200)) << "another credential";
  EXPECT_FALSE(taints.any(Taints::whose(agent("c2"), "r2"), 200));
  EXPECT_FALSE(taints.any(Taints::whose(agent(""), "r2"), 200));
  taints.mark(Taints::whose(agent(""), ""), "helper", 100);
  EXPECT_TRUE(taints.any(Taints::whose(agent(""), "r3"), 200)) << "who logs in with a password";
}

TEST(Taints, ItEndsInItsTimeAndIsRenewedByReading) {
  Taints taints;
  taints.known();
  std::vector<std::pair<std::string, int64_t>> kept;
  taints.keep_by([&](const std::string& whose, int64_t until) { kept.emplace_back(whose, until); });
  taints.mark({"run r"}, "helper", 0);
  taints.mark({"run r"}, "helper", 1000);
  ASSERT_EQ(kept.size(), 1U) << "it is not written for every statement";
  EXPECT_TRUE(taints.any({"run r"}, 29 * kDay));
  EXPECT_FALSE(taints.any({"run r"}, 31 * kDay));
  taints.mark({"run r"}, "helper", 2 * kDay);
  EXPECT_EQ(kept.size(), 2U);
  EXPECT_TRUE(taints.any({"run r"}, 31 * kDay));
}

TEST(Taints, WhatIsRecalledNeverShortens) {
  Taints taints;
  taints.known();
  taints.recall("run r", 500);
  taints.recall("run r", 100);
  EXPECT_TRUE(taints.any({"run r"}, 400));
  EXPECT_FALSE(taints.any({"run r"}, 600));
}

TEST(Taints, Threat79_UntilItIsKnownEverythingIsTainted) {
  Taints taints;
  EXPECT_TRUE(taints.any({"run r"}, 1));
  taints.known();
  EXPECT_FALSE(taints.any({"run r"}, 1));
}

TEST(Taints, Threat79_NewNamesOfRunsAreRefusedAndNoTaintIsForgotten) {
  Taints taints({.of_one = 3, .in_all = 4, .always = 1});
  taints.known();
  for (int i = 0; i < 3; ++i) {
    const auto run = Taints::whose(agent("c1"), "r" + std::to_string(i));
    EXPECT_TRUE(taints.has_room(run, "helper", 100)) << i;
    taints.mark(run, "helper", 100);
  }
  EXPECT_FALSE(taints.has_room(Taints::whose(agent("c1"), "new"), "helper", 200));
  EXPECT_TRUE(taints.has_room(Taints::whose(agent("c1"), "r0"), "helper", 200)) << "known";
  EXPECT_TRUE(taints.has_room(Taints::whose(agent("c1"), ""), "helper", 200)) << "no run";
  EXPECT_TRUE(taints.any({"run r0"}, 200)) << "none is forgotten";
  EXPECT_TRUE(taints.has_room({"run o1"}, "other", 200));
  taints.mark({"run o1"}, "other", 200);
  EXPECT_FALSE(taints.has_room({"run o2"}, "other", 200)) << "all are taken";
  EXPECT_TRUE(taints.has_room({"run t1"}, "third", 200)) << "nobody is shut out by others";
  EXPECT_TRUE(taints.has_room({"run new"}, "helper", 31 * kDay)) << "they have ended";
}

}  // namespace
}  // namespace sluice::gateway
