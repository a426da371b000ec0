#include "audit/index_thread.h"

#include <chrono>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

namespace sluice::audit {
namespace {

/// How far the index may be behind the log.
constexpr Duration kLag = std::chrono::seconds(1);
/// What a stop waits for; a backlog may be minutes long.
constexpr Duration kLastHelping = std::chrono::milliseconds(300);
/// Between two looks at the log; while records come in numbers a long helping would keep a worker
/// from its core.
constexpr auto kPause = std::chrono::milliseconds(200), kBusyPause = std::chrono::milliseconds(20);
constexpr size_t kBusy = 32;
/// The data path comes first: search reads what is not indexed yet from the log itself. But less
/// than this would not keep up beside workers that never rest.
constexpr int kNice = 5;

}  // namespace

void IndexThread::start() {
  thread_ = std::thread([this] { run(); });
}

void IndexThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Result<Index> IndexThread::open() const {
  auto index = Index::open(directory_);
  // A search that has it open just now may keep it locked; that is no damage.
  const auto locked = [&] {
    return !index && index.error().text.find("locked") != std::string::npos;
  };
  for (int i = 0; i < 40 && locked(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    index = Index::open(directory_);
  }
  if (!index && !locked()) {
    // It holds nothing that the log does not.
    log::error("audit index: {}; it is made anew", index.error().text);
    Index::remove(directory_);
    index = Index::open(directory_);
  }
  return index;
}

void IndexThread::run() {
  pthread_setname_np(pthread_self(), "audit-index");
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), kNice);
  while (follow_log()) {
    // Records have been erased: nothing of them stays, and all else is indexed anew.
    // The mark goes last: who is killed between finds it again.
    Index::remove(directory_);
    std::error_code ignored;
    std::filesystem::remove(stale_index(directory_), ignored);
  }
}

bool IndexThread::follow_log() {
  auto index = open();
  Result<Cursor> cursor = index ? index->cursor() : Result<Cursor>(fail(index.error()));
  if (!cursor) {
    log::error("audit index: {}", cursor.error().text);
    return false;
  }
  LogFollower follower(directory_ / "log", std::move(*cursor));
  auto flushed = Clock::now();
  for (;;) {
    const bool last = stopping();
    const auto until = Clock::now() + (last ? kLastHelping : kLag);
    const uint64_t before = last_read_;
    bool more = true;
    while (more && Clock::now() < until && stopping() == last)
      more = index_some(*index, follower, until);
    const auto pause = last_read_ - before >= kBusy ? kBusyPause : kPause;
    // Few records cost as much to write as many, so a trickle is gathered for a while.
    if (index->pending_records() > 0 && (last || Clock::now() - flushed >= kLag)) {
      flush(*index, follower);
      flushed = Clock::now();
    }
    if (last) return false;
    if (std::filesystem::exists(stale_index(directory_))) return true;
    if (more) continue;
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, pause, [this] { return stopping_; });
  }
}

/// Whether there was so much that there may be more: a few records at a time are not waited for.
bool IndexThread::index_some(Index& index, LogFollower& follower, Clock::time_point until) {
  constexpr size_t kEnough = 8192;
  // What could not be written is tried again before anything more is taken in.
  if (index.pending_records() >= kEnough && !flush(index, follower)) return false;
  const auto add = [&](const std::string& segment, const Frame& frame) {
    if (!index.add(segment, frame)) {
      log::error("audit log: {} holds no record at byte {}", segment, frame.offset);
    }
    last_read_ = std::max(last_read_, frame.sequence);
  };
  const auto count = follower.read(
      kEnough, add, [&] { return Clock::now() >= until || index.pending_records() >= kEnough; });
  for (const auto& damage : follower.take_damage()) log::error("audit log: {}", damage);
  return count && *count >= kEnough;
}

bool IndexThread::flush(Index& index, const LogFollower& follower) {
  if (const auto flushed = index.flush(follower.cursor()); !flushed) {
    log::error("audit index: {}", flushed.error().text);
    return false;
  }
  indexed_.store(last_read_, std::memory_order_relaxed);
  return true;
}

}  // namespace sluice::audit
