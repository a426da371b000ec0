#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace sluice::stream {

/// How one anchor is doing, to be shown.
struct AnchorState {
  std::string name;
  std::string type;
  std::string target;               ///< folder or address
  uint64_t last_size = 0;           ///< records that the last checkpoint it took covers
  uint64_t failures = 0;            ///< tries that failed, since the gateway started
  int64_t last_success_micros = 0;  ///< wall clock; 0: never
  int64_t last_error_micros = 0;
  std::string last_error;  ///< of the last try, if it failed
  bool refused = false;    ///< it knows another history of this log
  bool overdue = false;    ///< it has been failing for more than ten times its interval
  bool alarming() const { return refused || overdue; }
};

/// What an anchor counts; read by whoever asks while it runs.
class AnchorCounters {
 public:
  /// A checkpoint of `size` records has been taken.
  void succeeded(uint64_t size, int64_t wall_micros);
  /// True if this is news: the last try had another outcome.
  bool failed(const Error& error, bool refused, Clock::time_point now, int64_t wall_micros);
  /// Fills what is counted here; `patience` is how long it may fail before it is overdue.
  void fill(AnchorState& state, Duration patience, Clock::time_point now) const;

 private:
  mutable std::mutex mutex_;
  AnchorState counted_;
  Clock::time_point failing_since_{};  ///< meaningful while there is a last error
};

}  // namespace sluice::stream
