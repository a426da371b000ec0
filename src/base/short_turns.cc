#include "base/short_turns.h"

#include <cstdint>

#include <sys/syscall.h>
#include <unistd.h>

namespace sluice {
namespace {

/// The least that the kernel takes (sched(7): a runtime of SCHED_OTHER is how long a turn is).
constexpr uint64_t kTurnNanos = 100'000;

/// As the kernel has it; the C library's is newer than we ask for.
struct SchedulingAttributes {
  uint32_t size = 48;
  uint32_t policy = 0;  ///< SCHED_OTHER
  uint64_t flags = 0;
  int32_t nice = 0;
  uint32_t priority = 0;
  uint64_t runtime = 0;
  uint64_t deadline = 0;
  uint64_t period = 0;
};
static_assert(sizeof(SchedulingAttributes) == 48);

}  // namespace

bool take_short_turns() {
  SchedulingAttributes now;
  // What it is called to be nice to stays.
  if (syscall(SYS_sched_getattr, 0, &now, sizeof now, 0) != 0 || now.policy != 0) return false;
  now.runtime = kTurnNanos;
  if (syscall(SYS_sched_setattr, 0, &now, 0) != 0) return false;
  SchedulingAttributes then;
  return syscall(SYS_sched_getattr, 0, &then, sizeof then, 0) == 0 && then.runtime == kTurnNanos;
}

}  // namespace sluice
