#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace sluice::control {

/// Threads for what takes long, of which nobody can take all: of one `whose`, only so much runs at
/// once, and the rest waits without being in others' way. Any thread.
class FairPool {
 public:
  FairPool(size_t threads, size_t most_of_one);
  ~FairPool() { stop(); }
  FairPool(const FairPool&) = delete;
  FairPool& operator=(const FairPool&) = delete;

  /// In the order in which it came, as far as each `whose` goes.
  void submit(std::string whose, std::function<void()> work);
  /// Waits for what runs; what waits is dropped, and nothing is taken any more.
  void stop();

 private:
  struct Task {
    std::string whose;
    std::function<void()> work;
  };
  void run();
  /// The first that may run now; null when there is none.
  std::deque<Task>::iterator next();

  const size_t most_of_one_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> waiting_;
  std::map<std::string, size_t> running_;  ///< of whom something runs
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace sluice::control
