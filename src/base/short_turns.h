#pragma once

namespace sluice {

/// Has the calling thread, which works for moments and waits in between, take its turn on a core
/// soon after each wait, in place of behind whoever has a few milliseconds of it left; its share of
/// the cores stays what it is. Needs no right. Returns whether the kernel can (Linux 6.12 and
/// later, sched_setattr(2)): without, all is as before, and the thread waits longer.
bool take_short_turns();

}  // namespace sluice
