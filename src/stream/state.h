#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

namespace sluice::stream {

/// How one stream is doing, to be shown.
struct State {
  std::string name;
  std::string type;
  std::string target;               ///< file or address
  bool working = true;              ///< the last try succeeded
  uint64_t sent = 0;                ///< records taken, since the gateway started
  uint64_t filtered = 0;            ///< records that were not for it
  uint64_t rejected = 0;            ///< records that the receiver would not keep
  uint64_t failures = 0;            ///< tries that failed
  uint64_t lag = 0;                 ///< records of the log that it is behind
  uint64_t position = 0;            ///< sequence up to which it is done
  int64_t last_success_micros = 0;  ///< wall clock; 0: never
  int64_t last_error_micros = 0;
  std::string last_error;  ///< of the last try that failed
};

/// What a stream counts; read by whoever asks while it runs.
struct Counters {
  std::atomic<uint64_t> sent{0}, filtered{0}, rejected{0}, failures{0}, position{0};
  std::atomic<int64_t> last_success_micros{0};
  std::atomic<bool> working{true};

  void set_error(std::string text, int64_t when) {
    const std::lock_guard lock(mutex_);
    last_error_ = std::move(text);
    last_error_micros_ = when;
  }
  std::pair<std::string, int64_t> error() const {
    const std::lock_guard lock(mutex_);
    return {last_error_, last_error_micros_};
  }

 private:
  mutable std::mutex mutex_;
  std::string last_error_;
  int64_t last_error_micros_ = 0;
};

}  // namespace sluice::stream
