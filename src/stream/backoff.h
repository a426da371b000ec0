#pragma once

#include <cstdint>

#include "base/clock.h"

namespace sluice::stream {

/// How long to wait between tries: twice as long after each failure, up to a bound, and of that a
/// random part from a half to the whole, so that many who failed together do not come back
/// together.
class Backoff {
 public:
  Backoff(Duration initial, Duration maximum) : initial_(initial), maximum_(maximum) {}

  /// The wait after one more failure. `random` is uniform over all of its values.
  Duration next(uint64_t random);
  /// It worked.
  void reset() { current_ = Duration::zero(); }

 private:
  Duration initial_;
  Duration maximum_;
  Duration current_ = Duration::zero();
};

}  // namespace sluice::stream
