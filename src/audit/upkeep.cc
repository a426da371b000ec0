#include "audit/upkeep.h"

#include <algorithm>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "audit/rewrite.h"
#include "audit/segment.h"
#include "audit/tree_files.h"
#include "base/log.h"

namespace sluice::audit {
namespace {

constexpr auto kPause = std::chrono::seconds(5);
constexpr int kNice = 10;

/// How long ago the file was written; nothing where there is none.
std::optional<Duration> age_of(const std::filesystem::path& file) {
  std::error_code error;
  const auto written = std::filesystem::last_write_time(file, error);
  if (error) return std::nullopt;
  return std::filesystem::file_time_type::clock::now() - written;
}

}  // namespace

Upkeep::Upkeep(std::filesystem::path audit, Options options, Callbacks callbacks)
    : audit_(std::move(audit)), callbacks_(std::move(callbacks)), retention_(audit_) {
  reload(std::move(options));
  thread_ = std::thread([this] { loop(); });
}

void Upkeep::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Upkeep::reload(Options options) {
  const std::lock_guard lock(work_mutex_);
  options_ = std::move(options);
  retention_.set_rules(options_.rules);
}

void Upkeep::loop() {
  pthread_setname_np(pthread_self(), "audit-upkeep");
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), kNice);
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (wake_.wait_for(lock, kPause, [this] { return stopping_; })) return;
    }
    archive();
    retain_once_a_day();
  }
}

void Upkeep::archive() {
  std::optional<Duration> after;
  {
    const std::lock_guard lock(work_mutex_);
    after = options_.archive_after;
  }
  const auto files = list_segments(audit_ / "log");
  if (!after || !files) return;
  const uint64_t published = callbacks_.published();
  for (const auto& file : *files) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
    const auto age = age_of(file);  // None: it is archived.
    if (!age || *age < *after) continue;
    const auto header = read_segment_header(file);
    if (!header || header->last_sequence == 0 || header->last_sequence > published) continue;
    auto lock = lock_segments(audit_);
    const auto done = lock ? archive_segment(file) : Result<>(fail(std::move(lock.error())));
    const std::string trouble = done ? "" : done.error().text;
    if (!done && trouble != told_) log::warn("audit log: a segment is not archived: {}", trouble);
    told_ = trouble;
    if (!done) return;
  }
}

void Upkeep::retain_once_a_day() {
  {
    const std::lock_guard lock(work_mutex_);
    if (options_.rules.empty()) return;
  }
  const auto age = age_of(last_run());
  if (age && *age < std::chrono::hours(24)) return;
  if (const auto done = retain(false); !done)
    log::error("audit log: what is over is not erased: {}", done.error().text);
  // Also behind a failure: what could not be done now is not tried each second.
  if (const auto noted = replace_file(last_run(), {}); !noted)
    log::error("audit log: {}", noted.error().text);
}

Result<Retention::Counts> Upkeep::retain(bool trial) {
  SLUICE_ASSIGN(const auto holds, callbacks_.holds());
  const std::lock_guard lock(work_mutex_);
  auto counts = retention_.run(wall_micros(), callbacks_.published(), holds,
                               trial ? Retention::Tell() : callbacks_.tell);
  if (counts && !trial) {
    for (const auto& [rule, count] : *counts) {
      if (count.due + count.held == 0) continue;
      log::info("audit log: retention rule \"{}\": {} record(s) erased, {} kept by legal holds",
                rule, count.due, count.held);
    }
  }
  return counts;
}

}  // namespace sluice::audit
