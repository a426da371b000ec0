#pragma once

#include <atomic>
#include <cstdint>

namespace sluice::gateway {

/// A count with one writing thread and any number of readers: no locked instruction to add.
class Counter {
 public:
  void add(uint64_t n = 1) { value_.store(get() + n, std::memory_order_relaxed); }
  void subtract(uint64_t n = 1) { value_.store(get() - n, std::memory_order_relaxed); }
  uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

/// What one worker has done; written by the worker, read by whoever asks for metrics.
struct WorkerCounters {
  Counter connections, logins_ok, logins_failed, logins_in_progress;
  Counter statements_allowed, statements_denied, statements_failed;
  Counter rows, masked_values, bytes_from_clients, bytes_to_clients;
  Counter cancels, cache_hits, cache_misses;
  Counter sessions;
  Counter servers_active, servers_idle, waiting_for_server;
  Counter server_connects, server_connect_failures;
};

}  // namespace sluice::gateway
