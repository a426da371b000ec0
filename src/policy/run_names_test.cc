#include "policy/run_names.h"

#include <gtest/gtest.h>

namespace sluice::policy {
namespace {

TEST(RunNames, OfOneAndInAllAndEachTheirFirst) {
  RunNames names({.of_one = 4, .in_all = 6, .always = 2});
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(names.room("a")) << i;
    names.add("a");
  }
  EXPECT_FALSE(names.room("a"));
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(names.room("b")) << i;
    names.add("b");
  }
  EXPECT_FALSE(names.room("b")) << "all are taken";
  EXPECT_TRUE(names.room("c")) << "nobody is shut out by others";
  names.clear();
  EXPECT_TRUE(names.room("a"));
}

}  // namespace
}  // namespace sluice::policy
