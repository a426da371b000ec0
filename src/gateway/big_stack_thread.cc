#include "gateway/big_stack_thread.h"

#include <cstdlib>

#include "base/log.h"

namespace sluice::gateway {
namespace {

void* enter(void* argument) {
  const std::unique_ptr<std::function<void()>> body(static_cast<std::function<void()>*>(argument));
  (*body)();
  return nullptr;
}

}  // namespace

BigStackThread::BigStackThread(size_t stack_bytes, const std::string& name,
                               std::function<void()> body) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, stack_bytes);
  auto argument = std::make_unique<std::function<void()>>(std::move(body));
  auto thread = std::make_unique<pthread_t>();
  const int error = pthread_create(thread.get(), &attributes, enter, argument.get());
  pthread_attr_destroy(&attributes);
  if (error != 0) {
    log::critical("cannot start a thread: error {}", error);
    std::abort();
  }
  (void)argument.release();  // Now the thread's.
  pthread_setname_np(*thread, name.c_str());
  thread_.reset(thread.release());
}

BigStackThread::~BigStackThread() = default;

void BigStackThread::Joiner::operator()(pthread_t* thread) const {
  pthread_join(*thread, nullptr);
  delete thread;
}

}  // namespace sluice::gateway
