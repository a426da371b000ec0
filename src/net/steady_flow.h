#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace sluice::net {

/// Tells a peer that goes on sending by itself (a long result, COPY) from one that is talked with.
///
/// PostgreSQL and libpq hand 8 KiB to the kernel at a time. A loop that wakes up for each of these
/// spends up to three times the CPU of one that rests a moment and takes what has come in one go,
/// and keeps sender and receiver from working (bench/README.md). But nobody's answer may be put
/// off: so it takes a row of such chunks, and whatever is sent to the peer starts anew.
class SteadyFlow {
 public:
  static constexpr size_t kChunk = 8 * 1024;
  static constexpr uint8_t kSteady = 8;  ///< chunks in a row
  /// How long to rest: some 20 KiB of an ordinary result, which the socket has room for.
  static constexpr Duration kRest = std::chrono::microseconds(200);

  void received(size_t bytes) {
    if (bytes < kChunk) {
      chunks_ = 0;
    } else if (chunks_ < kSteady) {
      ++chunks_;
    }
  }
  void sent() { chunks_ = 0; }
  bool steady() const { return chunks_ == kSteady; }

 private:
  uint8_t chunks_ = 0;
};

}  // namespace sluice::net
