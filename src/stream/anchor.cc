#include "stream/anchor.h"

#include <algorithm>

#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "audit/tree_files.h"
#include "base/log.h"
#include "base/random.h"

namespace sluice::stream {

Anchor::Anchor(const config::AnchorConfig& config, Surroundings surroundings,
               std::shared_ptr<AnchorCounters> counters)
    : config_(config),
      surroundings_(std::move(surroundings)),
      counters_(std::move(counters)),
      backoff_(config.delivery.retry_initial, config.delivery.retry_maximum) {}

Result<std::unique_ptr<Anchor>> Anchor::start(const config::AnchorConfig& config,
                                              Surroundings surroundings,
                                              std::shared_ptr<AnchorCounters> counters,
                                              const MakeTarget& make) {
  std::unique_ptr<Anchor> anchor(new Anchor(config, std::move(surroundings), std::move(counters)));
  SLUICE_ASSIGN(anchor->target_, make(config, anchor->surroundings_.audit, anchor->stopping_));
  anchor->thread_ = std::thread([running = anchor.get()] { running->run(); });
  return anchor;
}

Anchor::~Anchor() {
  stop();
  if (thread_.joinable()) thread_.join();
}

void Anchor::finish() {
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
  }
  wake_.notify_all();
}

bool Anchor::finished_by(Clock::time_point until) {
  std::unique_lock lock(mutex_);
  return wake_.wait_until(lock, until, [this] { return finished_; });
}

void Anchor::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
}

void Anchor::run() {
  pthread_setname_np(pthread_self(), ("to-" + config_.name).substr(0, 15).c_str());
  // The data path comes first.
  constexpr int kNice = 10;
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), kNice);
  while (rest(once())) {
  }
  if (!stopping_) (void)once();
  const std::lock_guard lock(mutex_);
  finished_ = true;
  wake_.notify_all();
}

Duration Anchor::once() {
  auto note = audit::tree_files(surroundings_.audit).read_checkpoint();
  // A log that has just begun has none for a moment.
  if (!note && note.error().code == ErrorCode::kNotFound) return std::chrono::seconds(1);
  if (!note) return failed({.error = std::move(note.error())});
  auto checkpoint = SignedCheckpoint::parse(std::move(*note));
  if (!checkpoint) return failed({.error = std::move(checkpoint.error()).within("the checkpoint")});
  if (checkpoint->head.size == 0) return std::chrono::seconds(1);  // It says nothing yet.
  auto head = tlog::format_checkpoint(checkpoint->head);
  if (head == pushed_) return config_.every;
  const auto pushed = target_->push(*checkpoint);
  if (stopping_ && pushed.error) return config_.every;  // It was cut off; that says nothing.
  if (pushed.error) return failed(pushed);
  pushed_ = std::move(head);
  counters_->succeeded(checkpoint->head.size, wall_micros());
  backoff_.reset();
  if (failing_) log::info("anchor {}: works again", config_.name);
  failing_ = false;
  return config_.every;
}

Duration Anchor::failed(const Pushed& pushed) {
  const bool news = counters_->failed(*pushed.error, pushed.refused, Clock::now(), wall_micros());
  failing_ = true;
  if (pushed.refused) {
    log::error("anchor {}: {}", config_.name, pushed.error->text);
    if (news) surroundings_.record("anchor " + config_.name + ": " + pushed.error->text);
    return surroundings_.after_refusal;
  }
  if (news) log::warn("anchor {}: {}; it is tried again", config_.name, pushed.error->text);
  return std::max(backoff_.next(random_u64()), pushed.retry_after);
}

bool Anchor::rest(Duration duration) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, duration, [this] { return stopping_.load() || finishing_; });
}

}  // namespace sluice::stream
