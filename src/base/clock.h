#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace sluice {

using Clock = std::chrono::steady_clock;  ///< Durations and deadlines; never goes back.
using Duration = std::chrono::nanoseconds;

/// Microseconds since 1970-01-01T00:00:00Z by the wall clock, which may jump.
inline int64_t wall_micros() {
  using std::chrono::duration_cast;
  return duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// One moment by both clocks: how long something took, and when it was.
struct Moment {
  Clock::time_point steady;
  int64_t wall_micros = 0;

  static Moment now() { return {Clock::now(), sluice::wall_micros()}; }
  /// Microseconds from `earlier` to here.
  uint64_t micros_since(const Moment& earlier) const {
    using std::chrono::duration_cast;
    return static_cast<uint64_t>(
        duration_cast<std::chrono::microseconds>(steady - earlier.steady).count());
  }
};

/// RFC 3339 in UTC with microseconds: 2026-11-24T09:30:00.000001Z.
std::string format_time(int64_t micros_since_epoch);

}  // namespace sluice
