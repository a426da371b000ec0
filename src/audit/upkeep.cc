#include "audit/upkeep.h"

#include <algorithm>
#include <atomic>
#include <future>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "audit/erasing.h"
#include "audit/segment.h"
#include "audit/torn_files.h"
#include "audit/tree_files.h"
#include "base/log.h"

namespace sluice::audit {
namespace {

constexpr auto kPause = std::chrono::seconds(5);
constexpr int kNice = 10;
constexpr Duration kDay = std::chrono::hours(24);
constexpr auto kLongestSigning = std::chrono::seconds(60);

/// How long ago it was this time of day (UTC).
Duration since_time_of_day(int64_t now_micros, int minute) {
  const auto day = std::chrono::duration_cast<std::chrono::microseconds>(kDay);
  const auto at = std::chrono::microseconds(now_micros) - std::chrono::minutes(minute);
  return std::chrono::duration_cast<Duration>(at % day);
}

/// How long ago the file was written; nothing where there is none.
std::optional<Duration> age_of(const std::filesystem::path& file) {
  std::error_code error;
  const auto written = std::filesystem::last_write_time(file, error);
  if (error) return std::nullopt;
  return std::filesystem::file_time_type::clock::now() - written;
}

/// What is to be erased from it is erased first.
Result<> archive_unless_noted(const std::filesystem::path& audit,
                              const std::filesystem::path& file) {
  SLUICE_ASSIGN(const auto lock, lock_segments(audit));
  SLUICE_ASSIGN(const auto noted, being_erased(audit));
  const bool still =
      std::any_of(noted.begin(), noted.end(), [&](const auto& one) { return one.segment == file; });
  return still ? Result<>() : archive_segment(file);
}

}  // namespace

Upkeep::Upkeep(std::filesystem::path audit, Options options, Callbacks callbacks)
    : audit_(std::move(audit)), callbacks_(std::move(callbacks)), retention_(audit_) {
  retention_.set_settle(callbacks_.settle);
  retention_.set_holds(callbacks_.holds);
  retention_.set_stopped([this] { return stopping(); });
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
  const std::lock_guard lock(mutex_);
  options_ = std::move(options);
}

void Upkeep::loop() {
  pthread_setname_np(pthread_self(), "audit-upkeep");
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), kNice);
  for (;;) {
    resume();
    {
      std::unique_lock lock(mutex_);
      if (wake_.wait_for(lock, kPause, [this] { return stopping_; })) return;
    }
    archive();
    retain_once_a_day();
  }
}

/// What a command has begun to erase that was killed, and what the disk did not let it erase.
void Upkeep::resume() {
  const std::lock_guard lock(work_mutex_);
  auto left = resume_erasing(audit_, false);
  const Unerased now = left ? std::move(*left) : Unerased{0, left.error().text};
  const bool changed = now.why != unerased().why;
  {
    const std::lock_guard guard(mutex_);
    unerased_ = now;
  }
  if (!changed) return;
  if (!now.why.empty()) log::error("audit log: not erased yet: {}", now.why);
  if (now.why.empty()) log::info("audit log: what was still to be erased is erased");
  // A record says that they are erased.
  if (!callbacks_.tell) return;
  if (const auto told = callbacks_.tell(now.why.empty() ? "erased by now: all that was still to be"
                                                        : "not erased yet: " + now.why);
      !told)
    log::error("audit log: {}", told.error().text);
}

Unerased Upkeep::unerased() const {
  const std::lock_guard lock(mutex_);
  return unerased_;
}

void Upkeep::archive() {
  std::optional<Duration> after;
  {
    const std::lock_guard lock(mutex_);
    after = options_.archive_after;
  }
  const auto files = list_segments(audit_ / "log");
  if (!after || !files) return;
  const uint64_t published = callbacks_.published();
  for (const auto& file : *files) {
    if (stopping()) return;
    const auto age = age_of(file);  // None: it is archived.
    if (!age || *age < *after) continue;
    const auto header = read_segment_header(file);
    if (!header || header->last_sequence == 0 || header->last_sequence > published) continue;
    const auto done = archive_unless_noted(audit_, file);
    const std::string trouble = done ? "" : done.error().text;
    if (!done && trouble != told_) log::warn("audit log: a segment is not archived: {}", trouble);
    told_ = trouble;
    if (!done) return;
  }
}

void Upkeep::retain_once_a_day() {
  std::optional<int> at;
  {
    const std::lock_guard lock(mutex_);
    if (options_.rules.empty()) return;
    at = options_.retain_at;
  }
  const auto age = age_of(last_run());
  if (at && !age) {
    // The first time of day that comes, not the one that has been.
    (void)replace_file(last_run(), {});
    return;
  }
  if (age && *age < (at ? since_time_of_day(wall_micros(), *at) : kDay)) return;
  if (const auto done = retain(false); !done)
    log::error("audit log: what is over is not erased: {}", done.error().text);
  // What a stop has cut short is for the next start.
  if (stopping()) return;
  // Also behind a failure: what could not be done now is not tried each second.
  if (const auto noted = replace_file(last_run(), {}); !noted)
    log::error("audit log: {}", noted.error().text);
}

Upkeep::Callbacks Upkeep::callbacks_of(Log& log,
                                       std::function<Result<std::vector<LegalHold>>()> load_holds) {
  auto told = std::make_shared<std::atomic<uint64_t>>(0);
  Callbacks out;
  out.published = [&log] { return log.health().published_sequence; };
  out.holds = std::move(load_holds);
  out.tell = [&log, told](const std::string& message) -> Result<> {
    Event event;
    event.type = EventType::kEvidence;
    event.time_micros = wall_micros();
    event.message = message;
    SLUICE_ASSIGN(*told, log.append_admin({}, event));
    return {};
  };
  out.settle = [&log, told]() -> Result<> {
    auto signed_by_now = std::make_shared<std::promise<bool>>();
    auto waiting = signed_by_now->get_future();
    log.when_published(*told, [signed_by_now](bool well) { signed_by_now->set_value(well); });
    if (waiting.wait_for(kLongestSigning) == std::future_status::ready && waiting.get()) return {};
    return fail(ErrorCode::kUnavailable,
                "what is to be erased is on the record, but not signed: nothing was erased");
  };
  return out;
}

Result<ErasedCount> Upkeep::erase(const Erasure& range, const std::string& reason,
                                  const std::string& by) {
  // One that cannot be read lets nothing go, nor be told.
  SLUICE_ASSIGN(const auto known, callbacks_.holds());
  const std::lock_guard lock(work_mutex_);
  const std::string asked = by.empty() ? reason : reason + ", by " + by;
  if (const auto may = may_erase(audit_, range, known); !may) {
    SLUICE_TRY(callbacks_.tell(format_refused(range, asked, may.error())));
    return fail(may.error());
  }
  // Told first: an erased record that nothing explains looks like tampering, the other way round
  // like a record that was spared.
  SLUICE_TRY(callbacks_.tell(format_erasure(std::span(&range, 1), asked)));
  const auto withdraw = [&](const Error& why) {
    return callbacks_.tell(format_withdrawal(std::span(&range, 1), why.text));
  };
  // Those of now: one may have been set while this waited.
  auto holds = callbacks_.settle ? callbacks_.settle().and_then([&] { return callbacks_.holds(); })
                                 : callbacks_.holds();
  if (!holds) {
    SLUICE_TRY(withdraw(holds.error()));
    return fail(std::move(holds.error()));
  }
  auto erased = erase_records(audit_, range, *holds, withdraw);
  if (!erased) return erased;
  auto torn = erase_torn(audit_ / "log", range, asked,
                         {callbacks_.tell, callbacks_.settle, any_hold(callbacks_.holds)});
  if (!torn) return fail(std::move(torn.error()).within(torn_stays(erased->erased)));
  return erased;
}

Result<Retention::Counts> Upkeep::retain(bool trial) {
  SLUICE_ASSIGN(const auto holds, callbacks_.holds());
  std::vector<RetentionRule> rules;
  {
    const std::lock_guard lock(mutex_);
    rules = options_.rules;
  }
  const std::lock_guard lock(work_mutex_);
  retention_.set_rules(std::move(rules));
  auto counts = retention_.run(wall_micros(), callbacks_.published(), holds,
                               trial ? Retention::Tell() : callbacks_.tell);
  if (counts && !trial) {
    for (const auto& [rule, count] : *counts) {
      if (count.due + count.held != 0) {
        log::info("audit log: retention rule \"{}\": {} record(s) erased, {} kept by legal holds",
                  rule, count.due, count.held);
      }
      if (count.torn + count.torn_held != 0) {
        log::info(
            "audit log: retention rule \"{}\": {} file(s) that a crash tore removed, {} kept by "
            "legal holds",
            rule, count.torn, count.torn_held);
      }
    }
  }
  return counts;
}

}  // namespace sluice::audit
