#include "net/task_queue.h"

#include <cerrno>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

namespace sluice::net {

Result<> TaskQueue::open() {
  // Blocking on purpose: io_uring would answer EAGAIN for a non-blocking descriptor instead of
  // waiting, and epoll reads only when there is something.
  wake_.reset(::eventfd(0, EFD_CLOEXEC));
  if (!wake_.valid()) return fail(io_error("eventfd", errno));
  return {};
}

void TaskQueue::wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
}

void TaskQueue::post(Task task) {
  if (thread_.load(std::memory_order_relaxed) == std::this_thread::get_id()) {
    local_.push_back(std::move(task));
    return;
  }
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = remote_.empty();
    remote_.push_back(std::move(task));
  }
  if (first) wake();
}

void TaskQueue::request_stop() {
  stop_.store(true, std::memory_order_release);
  wake();
}

void TaskQueue::run_remote() {
  std::vector<Task> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(remote_);
  }
  for (Task& task : tasks) task();
}

void TaskQueue::run_local() {
  std::vector<Task> tasks;
  tasks.swap(local_);
  for (Task& task : tasks) task();
}

}  // namespace sluice::net
