#pragma once

#include <functional>
#include <memory>
#include <string>

#include <pthread.h>

namespace sluice::gateway {

/// A joining thread with a stack of its own size (std::thread cannot choose one). The stack is
/// virtual memory: only what is touched is used.
class BigStackThread {
 public:
  /// Starts at once; aborts the process when the system gives no thread. `name`: at most 15 bytes.
  BigStackThread(size_t stack_bytes, const std::string& name, std::function<void()> body);
  BigStackThread(BigStackThread&& other) noexcept : thread_(std::move(other.thread_)) {}
  BigStackThread& operator=(BigStackThread&&) = delete;
  ~BigStackThread();

 private:
  struct Joiner {
    void operator()(pthread_t* thread) const;
  };
  std::unique_ptr<pthread_t, Joiner> thread_;
};

}  // namespace sluice::gateway
