#include "base/short_turns.h"

#include <thread>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace sluice {
namespace {

TEST(ShortTurns, AreTakenByTheThreadThatAsksAndChangeNothingElse) {
  utsname about{};
  ASSERT_EQ(uname(&about), 0);
  int major = 0, minor = 0;
  ASSERT_EQ(sscanf(about.release, "%d.%d", &major, &minor), 2);
  const bool able = major > 6 || (major == 6 && minor >= 12);
  std::thread([&] {
    const auto self = static_cast<id_t>(syscall(SYS_gettid));
    ASSERT_EQ(setpriority(PRIO_PROCESS, self, 3), 0);
    EXPECT_EQ(take_short_turns(), able);
    EXPECT_EQ(getpriority(PRIO_PROCESS, self), 3);
    uint64_t attributes[6] = {};
    ASSERT_EQ(syscall(SYS_sched_getattr, 0, attributes, sizeof attributes, 0), 0);
    if (able) EXPECT_EQ(attributes[3], 100'000U);
  }).join();
  uint64_t others[6] = {};
  ASSERT_EQ(syscall(SYS_sched_getattr, 0, others, sizeof others, 0), 0);
  EXPECT_NE(others[3], 100'000U);
}

}  // namespace
}  // namespace sluice
