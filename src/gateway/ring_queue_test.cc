#include "gateway/ring_queue.h"

#include <deque>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sluice::gateway {
namespace {

RC_GTEST_PROP(RingQueue, BehavesAsADeque, (const std::vector<int>& steps)) {
  RingQueue<int> ring;
  std::deque<int> model;
  for (const int step : steps) {
    if (step % 3 == 0 && !model.empty()) {
      ring.pop();
      model.pop_front();
    } else {
      ring.push() = step;
      model.push_back(step);
    }
    RC_ASSERT(ring.size() == model.size());
    for (size_t i = 0; i < model.size(); ++i) RC_ASSERT(ring.at(i) == model[i]);
  }
}

TEST(RingQueue, ReusesWhatASlotAllocated) {
  RingQueue<std::string> ring;
  ring.push().assign(1000, 'x');
  const char* storage = ring.front().data();
  ring.pop();
  for (int i = 0; i < 3; ++i) {
    ring.push();
    ring.pop();
  }
  EXPECT_EQ(ring.push().data(), storage);
  ring.pop();
  ring.release();
  EXPECT_EQ(ring.capacity(), 0U);
}

}  // namespace
}  // namespace sluice::gateway
