#include "net/steady_flow.h"

#include <gtest/gtest.h>

namespace sluice::net {
namespace {

SteadyFlow after(int chunks) {
  SteadyFlow flow;
  for (int i = 0; i < chunks; ++i) flow.received(SteadyFlow::kChunk);
  return flow;
}

TEST(SteadyFlow, TakesARowOfChunks) {
  EXPECT_FALSE(SteadyFlow().steady());
  EXPECT_FALSE(after(SteadyFlow::kSteady - 1).steady());
  EXPECT_TRUE(after(SteadyFlow::kSteady).steady());
  EXPECT_TRUE(after(1000).steady());
}

TEST(SteadyFlow, EndsWithLessThanAChunk) {
  SteadyFlow flow = after(1000);
  flow.received(SteadyFlow::kChunk - 1);
  EXPECT_FALSE(flow.steady());
  flow.received(SteadyFlow::kChunk);
  EXPECT_FALSE(flow.steady()) << "the row starts anew";
}

TEST(SteadyFlow, WhoeverIsTalkedWithIsNotSteady) {
  SteadyFlow flow = after(1000);
  flow.sent();
  EXPECT_FALSE(flow.steady());
  for (int i = 0; i < 100; ++i) {  // a cursor that fetches 56 KiB at a time
    for (int chunk = 1; chunk < SteadyFlow::kSteady; ++chunk) flow.received(SteadyFlow::kChunk);
    EXPECT_FALSE(flow.steady());
    flow.sent();
  }
}

}  // namespace
}  // namespace sluice::net
