#include "gateway/login_gate.h"

#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

TEST(LoginGate, Threat15_BoundsInAllAndPerSource) {
  LoginGate gate;
  auto a1 = gate.enter("10.0.0.1", 3, 2);
  auto a2 = gate.enter("10.0.0.1", 3, 2);
  EXPECT_TRUE(a1);
  EXPECT_TRUE(a2);
  EXPECT_FALSE(gate.enter("10.0.0.1", 3, 2)) << "two from one source is the limit";
  auto b = gate.enter("10.0.0.2", 3, 2);
  EXPECT_TRUE(b);
  EXPECT_FALSE(gate.enter("10.0.0.3", 3, 2)) << "three in all is the limit";
  a1 = {};
  EXPECT_TRUE(gate.enter("10.0.0.3", 3, 2)) << "a place came free";
}

TEST(LoginGate, MovedPassLeavesOnce) {
  LoginGate gate;
  {
    auto first = gate.enter("x", 1, 1);
    auto second = std::move(first);
    EXPECT_FALSE(gate.enter("x", 1, 1));
  }
  EXPECT_TRUE(gate.enter("x", 1, 1));
}

}  // namespace
}  // namespace sluice::gateway
