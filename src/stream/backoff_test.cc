#include "stream/backoff.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sluice::stream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Backoff, DoublesUpToABoundAndBeginsAnew) {
  Backoff backoff(milliseconds(100), seconds(1));
  // The largest part of the random range is the whole wait.
  const auto whole = [&] {
    Backoff copy = backoff;
    Duration longest = Duration::zero();
    for (uint64_t random = 0; random < 2000; ++random) {
      Backoff again = copy;
      longest = std::max(longest, again.next(random * 1'000'003));
    }
    return longest;
  };
  for (const int expected : {100, 200, 400, 800, 1000, 1000}) {
    const auto longest = whole();
    EXPECT_LE(longest, milliseconds(expected));
    EXPECT_GT(longest, milliseconds(expected) * 9 / 10);
    backoff.next(0);
  }
  backoff.reset();
  EXPECT_LE(whole(), milliseconds(100));
}

RC_GTEST_PROP(Backoff, WaitsBetweenHalfAndWhole, (uint64_t random)) {
  Backoff backoff(milliseconds(100), seconds(1));
  const auto wait = backoff.next(random);
  RC_ASSERT(wait >= milliseconds(50));
  RC_ASSERT(wait <= milliseconds(100));
}

}  // namespace
}  // namespace sluice::stream
