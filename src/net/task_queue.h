#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.h"
#include "net/socket.h"

namespace sluice::net {

/// Work handed to a reactor: from other threads under a lock and with a wake-up, from its own
/// thread without either. Costs the loop nothing while there is none.
class TaskQueue {
 public:
  using Task = std::function<void()>;

  /// Makes the event descriptor other threads write to.
  Result<> open();
  /// Readable when another thread has posted or asked to stop.
  int wake_fd() const { return wake_.get(); }

  /// Names the calling thread as the reactor's own.
  void bind_thread() { thread_.store(std::this_thread::get_id(), std::memory_order_relaxed); }
  void unbind_thread() { thread_.store({}, std::memory_order_relaxed); }

  void post(Task task);
  void request_stop();
  bool stop_requested() const { return stop_.load(std::memory_order_acquire); }
  void clear_stop() { stop_.store(false, std::memory_order_release); }

  /// Runs what other threads posted; called once `wake_fd` was read.
  void run_remote();
  bool has_local() const { return !local_.empty(); }
  /// Runs what was posted on this thread before the call.
  void run_local();

 private:
  void wake();
  UniqueFd wake_;
  std::atomic<std::thread::id> thread_{};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::vector<Task> remote_;  ///< guarded by mutex_
  std::vector<Task> local_;
};

}  // namespace sluice::net
