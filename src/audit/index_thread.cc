#include "audit/index_thread.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "audit/index_boot.h"
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
/// Until an index that could not be opened is tried again.
constexpr auto kAgain = std::chrono::seconds(1);

/// Whether what is there is no index, and will never be one. All else may pass: a full disk, a
/// search that has it locked, too many open files.
bool is_spoiled(const Error& error) {
  constexpr std::string_view kSigns[] = {"malformed", "not a database", "no such ",
                                         "newer version"};
  return std::any_of(std::begin(kSigns), std::end(kSigns), [&](std::string_view sign) {
    return error.text.find(sign) != std::string::npos;
  });
}

}  // namespace

void IndexThread::start() {
  // Before anybody can look into it.
  drop_index_of_power_failure(directory_);
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
  if (!index && is_spoiled(index.error())) {
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
  for (;;) {
    const auto over = follow_log();
    if (over && *over == Over::kStopped) return note_index_closed(directory_);
    if (over) {
      // Records have been erased: nothing of them stays, and all else is indexed anew.
      // The mark goes last: who is killed between finds it again.
      Index::remove(directory_);
      std::error_code ignored;
      std::filesystem::remove(stale_index(directory_), ignored);
      continue;
    }
    if (std::exchange(told_, over.error().text) != over.error().text)
      log::error("audit index: {}; it is tried again", told_);
    std::unique_lock lock(mutex_);
    if (wake_.wait_for(lock, kAgain, [this] { return stopping_; })) return;
  }
}

Result<IndexThread::Over> IndexThread::follow_log() {
  SLUICE_ASSIGN(auto index, open());
  SLUICE_ASSIGN(auto cursor, index.cursor());
  // Before anything is taken in: what it has already would go in a second time.
  SLUICE_TRY(index.load());
  SLUICE_ASSIGN(const uint64_t newest, index.newest());
  lag_.begin(newest);
  told_.clear();
  LogFollower follower(directory_ / "log", std::move(cursor));
  auto flushed = Clock::now();
  for (;;) {
    const bool last = stopping();
    const auto until = Clock::now() + (last ? kLastHelping : kLag);
    size_t read = 0;
    bool more = true;
    while (more && Clock::now() < until && stopping() == last)
      more = index_some(index, follower, until, read);
    const auto pause = read >= kBusy ? kBusyPause : kPause;
    if (!index.pending()) lag_.indexed(follower.reached());
    // Few records cost as much to write as many, so a trickle is gathered for a while.
    if (index.pending() && (last || Clock::now() - flushed >= kLag)) {
      flush(index, follower);
      flushed = Clock::now();
    }
    if (last) return Over::kStopped;
    if (std::filesystem::exists(stale_index(directory_))) return Over::kStale;
    if (more) continue;
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, pause, [this] { return stopping_; });
  }
}

/// Whether there was so much that there may be more: a few records at a time are not waited for.
bool IndexThread::index_some(Index& index, LogFollower& follower, Clock::time_point until,
                             size_t& read) {
  constexpr size_t kEnough = 8192;
  // What could not be written is tried again before anything more is taken in.
  if (index.pending_records() >= kEnough && !flush(index, follower)) return false;
  const auto add = [&](const std::string& segment, const Frame& frame) {
    if (!index.add(segment, frame)) {
      log::error("audit log: {} holds no record at byte {}", segment, frame.offset);
    }
    ++read;
  };
  const uint64_t written = written_();
  lag_.saw(written, Clock::now());
  const auto count = follower.read(
      kEnough, add, [&] { return Clock::now() >= until || index.pending_records() >= kEnough; },
      written);
  for (auto& damage : follower.take_damage()) {
    log::error("audit log: {}", damage);
    index.note_damage(std::move(damage));
  }
  return count && *count >= kEnough;
}

bool IndexThread::flush(Index& index, const LogFollower& follower) {
  if (const auto flushed = index.flush(follower.cursor()); !flushed) {
    log::error("audit index: {}", flushed.error().text);
    return false;
  }
  lag_.indexed(follower.reached());
  return true;
}

}  // namespace sluice::audit
