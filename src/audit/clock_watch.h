#pragma once

#include <cstdlib>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/clock.h"

namespace sluice::audit {

/// Notices when the wall clock is set. Records are ordered by their numbers; what their times are
/// worth is told by what this says.
class ClockWatch {
 public:
  /// What has happened since the last look; empty: nothing by more than a second.
  std::string look(const Moment& now) {
    const Moment before = std::exchange(before_, now);
    if (before.wall_micros == 0) return {};
    const int64_t jump =
        now.wall_micros - before.wall_micros - static_cast<int64_t>(now.micros_since(before));
    if (std::abs(jump) <= 1'000'000) return {};
    return fmt::format("the clock was set {} by {:.3f} s", jump < 0 ? "back" : "ahead",
                       std::abs(static_cast<double>(jump)) / 1e6);
  }

 private:
  Moment before_;
};

}  // namespace sluice::audit
