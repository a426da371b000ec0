#include "stream/anchor_state.h"

namespace sluice::stream {

void AnchorCounters::succeeded(uint64_t size, int64_t wall_micros) {
  const std::lock_guard lock(mutex_);
  counted_.last_size = size;
  counted_.last_success_micros = wall_micros;
  counted_.last_error.clear();
  counted_.refused = false;
}

bool AnchorCounters::failed(const Error& error, bool refused, Clock::time_point now,
                            int64_t wall_micros) {
  const std::lock_guard lock(mutex_);
  const bool first = counted_.last_error.empty();
  const bool news = first || refused != counted_.refused;
  if (first) failing_since_ = now;
  ++counted_.failures;
  counted_.last_error = error.text.empty() ? "failed" : error.text;
  counted_.last_error_micros = wall_micros;
  counted_.refused = refused;
  return news;
}

void AnchorCounters::fill(AnchorState& state, Duration patience, Clock::time_point now) const {
  const std::lock_guard lock(mutex_);
  state.last_size = counted_.last_size;
  state.failures = counted_.failures;
  state.last_success_micros = counted_.last_success_micros;
  state.last_error_micros = counted_.last_error_micros;
  state.last_error = counted_.last_error;
  state.refused = counted_.refused;
  state.overdue = !counted_.last_error.empty() && now - failing_since_ > patience;
}

}  // namespace sluice::stream
