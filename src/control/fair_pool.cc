#include "control/fair_pool.h"

#include <algorithm>

#include <pthread.h>

namespace sluice::control {

FairPool::FairPool(size_t threads, size_t most_of_one) : most_of_one_(most_of_one) {
  threads_.reserve(threads);
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

void FairPool::submit(std::string whose, std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    waiting_.push_back({std::move(whose), std::move(work)});
  }
  wake_.notify_one();
}

std::deque<FairPool::Task>::iterator FairPool::next() {
  return std::find_if(waiting_.begin(), waiting_.end(), [this](const Task& task) {
    const auto found = running_.find(task.whose);
    return found == running_.end() || found->second < most_of_one_;
  });
}

void FairPool::run() {
  pthread_setname_np(pthread_self(), "control pool");
  std::unique_lock lock(mutex_);
  for (;;) {
    auto found = waiting_.end();
    wake_.wait(lock, [&] { return stopping_ || (found = next()) != waiting_.end(); });
    if (stopping_) return;
    Task task = std::move(*found);
    waiting_.erase(found);
    ++running_[task.whose];
    lock.unlock();
    task.work();
    task.work = nullptr;  // What it holds may take the time of nobody who waits.
    lock.lock();
    if (const auto mine = running_.find(task.whose); --mine->second == 0) running_.erase(mine);
    // Another of the same that waited may run now.
    wake_.notify_one();
  }
}

void FairPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    waiting_.clear();
  }
  wake_.notify_all();
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace sluice::control
