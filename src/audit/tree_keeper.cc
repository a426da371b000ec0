#include "audit/tree_keeper.h"

#include <algorithm>

#include <pthread.h>

namespace sluice::audit {
namespace {

/// Short enough that work comes in small helpings, long enough to cost nothing when there is none.
constexpr auto kPause = std::chrono::milliseconds(100);
/// While records come in numbers: a long helping would keep a worker from its core.
constexpr auto kBusyPause = std::chrono::milliseconds(15);
constexpr size_t kBusy = 32;
/// Until what could not be signed is tried again: a disk or a token that fails is not hurried.
constexpr auto kAgain = std::chrono::seconds(1);
constexpr size_t kHelping = 16'384;

}  // namespace

TreeKeeper::TreeKeeper(std::unique_ptr<Sequencer> sequencer, Duration interval, Callbacks callbacks)
    : sequencer_(std::move(sequencer)),
      interval_(interval),
      callbacks_(std::move(callbacks)),
      thread_([this] { loop(); }) {}

void TreeKeeper::loop() {
  pthread_setname_np(pthread_self(), "audit-tree");
  auto signed_at = Clock::now();
  const auto again = std::min<Duration>(interval_, kAgain);
  bool well = true;
  auto pause = kPause;
  for (;;) {
    bool asked = false;
    bool stopping = false;
    bool sign_last = true;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, pause, [this] { return asked_ || stopping_; });
      asked = std::exchange(asked_, false);
      stopping = stopping_;
      sign_last = sign_last_;
    }
    const auto since = Clock::now() - signed_at;
    const bool due = stopping ? sign_last : asked || since >= (well ? interval_ : again);
    const auto done = work(due, stopping);
    if (!done) callbacks_.problem(done.error().text);
    // What has failed has not been mended by a round that did not try it.
    if (done && due && !well) callbacks_.problem({});
    well = done && (well || due);
    pause = done && *done >= kBusy ? kBusyPause : kPause;
    if (due) {
      signed_at = Clock::now();
      tell_waiting(well);
    }
    if (stopping) return;
    callbacks_.tick();
  }
}

Result<size_t> TreeKeeper::work(bool publish, bool to_the_end) {
  bool lost = false;
  Result<> result;
  size_t all = 0;
  {
    const std::lock_guard lock(work_mutex_);
    for (;;) {
      const auto count = sequencer_->advance(kHelping);
      if (!count) result = fail(count.error());
      all += count.value_or(0);
      if (!count || *count == 0 || (*count < kHelping && !to_the_end)) break;
    }
    for (const uint64_t number : sequencer_->take_lost()) untold_.push_back(number);
    // Said before it is signed, and signed with it: whoever dies between the two says it never.
    if (lost = !untold_.empty(); lost) {
      const auto told = tell_lost().and_then([&] { return sequencer_->advance(kHelping); });
      if (!told) result = fail(told.error());
      all += told.value_or(0);
    }
    if (result && publish) result = sequencer_->publish();
  }
  if (!result) return fail(std::move(result.error()));
  if (!lost || !to_the_end) return all;
  // What was just said of them is part of what is there.
  SLUICE_ASSIGN(const size_t more, work(publish, true));
  return all + more;
}

/// What could not be said is said later, and nothing is signed before.
Result<> TreeKeeper::tell_lost() {
  SLUICE_TRY(callbacks_.lost(untold_));
  untold_.clear();
  return {};
}

void TreeKeeper::tell_waiting(bool well) {
  std::vector<std::function<void(bool)>> due;
  {
    const std::lock_guard lock(mutex_);
    const auto end = well ? waiting_.upper_bound(sequencer_->published()) : waiting_.end();
    for (auto it = waiting_.begin(); it != end; ++it) due.push_back(std::move(it->second));
    waiting_.erase(waiting_.begin(), end);
    // A record that was just being written when the tree was signed comes with the next one.
    asked_ = asked_ || !waiting_.empty();
  }
  for (const auto& callback : due) callback(well);
}

void TreeKeeper::when_published(uint64_t sequence, std::function<void(bool)> callback) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.emplace(sequence, std::move(callback));
    asked_ = true;
  }
  wake_.notify_one();
}

void TreeKeeper::end_thread(bool sign) {
  {
    const std::lock_guard lock(mutex_);
    // Whoever comes second does not ask for more than the first.
    sign_last_ = sign_last_ && sign;
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

Result<> TreeKeeper::close(uint64_t last) {
  const std::lock_guard lock(work_mutex_);
  for (size_t count = kHelping; count != 0;) {
    SLUICE_ASSIGN(count, sequencer_->advance(kHelping));
  }
  if (!untold_.empty() || sequencer_->size() != last)
    return fail(ErrorCode::kUnavailable, "not all that was given a number is in its tree");
  return sequencer_->close();
}

Result<tlog::VerifierKey> TreeKeeper::rotate(std::unique_ptr<tlog::Signer> next) {
  const std::lock_guard lock(work_mutex_);
  if (!untold_.empty()) {
    SLUICE_TRY(tell_lost());
    SLUICE_TRY(sequencer_->advance(kHelping));
  }
  SLUICE_TRY(sequencer_->rotate(std::move(next)));
  return sequencer_->key();
}

tlog::VerifierKey TreeKeeper::key() {
  const std::lock_guard lock(work_mutex_);
  return sequencer_->key();
}

}  // namespace sluice::audit
