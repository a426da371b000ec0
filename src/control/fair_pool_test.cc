#include "control/fair_pool.h"

#include <atomic>
#include <future>

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

TEST(FairPool, OneCannotTakeAllOfIt) {
  std::promise<void> go_on, other_ran;
  const auto gate = go_on.get_future().share();
  std::atomic<int> running = 0, most = 0, done = 0;
  FairPool pool(4, 2);
  for (int i = 0; i < 20; ++i) {
    pool.submit("agent", [&, gate] {
      const int now = ++running;
      int seen = most;
      while (now > seen && !most.compare_exchange_weak(seen, now)) {
      }
      gate.wait();
      --running;
      ++done;
    });
  }
  pool.submit("person", [&] { other_ran.set_value(); });
  // Although twenty others came first, and none of them gets on.
  EXPECT_EQ(other_ran.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_EQ(done, 0);
  go_on.set_value();
  std::promise<void> last;
  pool.submit("agent", [&] { last.set_value(); });
  EXPECT_EQ(last.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  pool.stop();
  EXPECT_EQ(done, 20);
  EXPECT_LE(most, 2);
}

/// Tells when the last copy of it is gone.
struct Goodbye {
  explicit Goodbye(std::promise<void>& to) : gone(to) {}
  ~Goodbye() { gone.set_value(); }
  Goodbye(const Goodbye&) = delete;
  Goodbye& operator=(const Goodbye&) = delete;
  std::promise<void>& gone;
};

TEST(FairPool, StopDropsWhatWaits) {
  std::promise<void> began, dropped;
  const auto when_dropped = dropped.get_future().share();
  std::atomic<bool> ran = false;
  FairPool pool(1, 1);
  pool.submit("a", [&, when_dropped] {
    began.set_value();
    when_dropped.wait();
  });
  pool.submit("b", [&, last = std::make_shared<Goodbye>(dropped)] { ran = true; });
  began.get_future().wait();
  pool.stop();  // Comes back although "a" waits for "b" to go.
  pool.submit("c", [&] { ran = true; });
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace sluice::control
