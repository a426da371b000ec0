#include "stream/pump.h"

#include <algorithm>

#include <fmt/format.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/random.h"
#include "stream/filter.h"

namespace sluice::stream {
namespace {

constexpr auto kIdle = std::chrono::milliseconds(200);
constexpr auto kSaveEvery = std::chrono::milliseconds(250);
/// Frames looked at for one batch, so that a stream whose filter lets little pass notes its way.
constexpr size_t kMostLookedAt = 20'000;

}  // namespace

Result<std::unique_ptr<Pump>> Pump::start(const config::StreamConfig& config,
                                          const Surroundings& surroundings,
                                          std::shared_ptr<Counters> counters,
                                          const MakeSink& make) {
  auto cursor = CursorFile(surroundings.folder, config.name).load();
  if (!cursor && cursor.error().code != ErrorCode::kNotFound)
    return fail(std::move(cursor.error()));
  if (!cursor) {
    cursor = Cursor();
    if (config.from_now) {
      SLUICE_ASSIGN(cursor, LogReader::at_end(surroundings.log, surroundings.last_sequence()));
    }
  }
  std::unique_ptr<Pump> pump(
      new Pump(config, surroundings, std::move(counters), std::move(*cursor)));
  SLUICE_ASSIGN(pump->sink_, make(config, surroundings.source, pump->stopping_));
  // That it began now must be known later; if it cannot be kept yet, it is tried with each batch.
  pump->kept_ = pump->file_.save(pump->done_).has_value();
  pump->thread_ = std::thread([running = pump.get()] { running->run(); });
  return pump;
}

Pump::Pump(const config::StreamConfig& config, const Surroundings& surroundings,
           std::shared_ptr<Counters> counters, Cursor cursor)
    : config_(config),
      surroundings_(surroundings),
      counters_(std::move(counters)),
      file_(surroundings.folder, config.name),
      reader_(surroundings.log, cursor),
      done_(cursor),
      saved_(std::move(cursor)),
      backoff_(config.retry_initial, config.retry_maximum) {
  counters_->position = saved_.position;
}

Pump::~Pump() {
  stop();
  if (thread_.joinable()) thread_.join();
}

void Pump::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
}

void Pump::run() {
  pthread_setname_np(pthread_self(), ("out-" + config_.name).substr(0, 15).c_str());
  // The data path comes first.
  constexpr int kNice = 10;
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), kNice);
  while (!stopping_) {
    const uint64_t last = surroundings_.last_sequence();
    const Gathered gathered = gather();
    if (!deliver(gathered.entries)) break;
    done_ = reader_.cursor();
    if (gathered.error) {
      failed(*gathered.error);
      rest(backoff_.next(random_u64()));
      continue;
    }
    // At the end of the log; a number that was never used is not something that is missing.
    const bool idle = gathered.looked_at == 0;
    counters_->position = idle ? std::max(last, done_.position) : done_.position;
    save_cursor(false);
    if (idle && !rest(kIdle)) break;
  }
  save_cursor(true);
}

Pump::Gathered Pump::gather() {
  Gathered out;
  auto& batch = out.entries;
  size_t bytes = 0;
  const auto read = reader_.read([&](const audit::Frame& frame) {
    ++out.looked_at;
    if (frame.erased) return out.looked_at < kMostLookedAt;  // It says nothing any more.
    auto record = audit::decode_record(frame.sequence, frame.payload);
    if (!record) {
      log::error("stream {}: record {} cannot be read: {}", config_.name, frame.sequence,
                 record.error().text);
      ++counters_->failures;
    } else if (passes(config_.filter, *record)) {
      bytes += frame.payload.size();
      batch.push_back({surroundings_.source.uid(frame.sequence), std::move(*record)});
    } else {
      ++counters_->filtered;
    }
    return batch.size() < config_.batch_records && bytes < config_.batch_bytes &&
           out.looked_at < kMostLookedAt;
  });
  if (!read) out.error = read.error();
  for (const auto& damage : reader_.take_damage())
    log::error("stream {}: audit log: {}", config_.name, damage);
  return out;
}

bool Pump::deliver(std::span<const Entry> batch) {
  while (!batch.empty()) {
    if (stopping_) return false;
    const Delivery delivery = sink_->send(batch);
    if (delivery.taken > 0) {
      counters_->sent += delivery.taken;
      counters_->rejected += delivery.rejected;
      batch = batch.subspan(delivery.taken);
      if (delivery.rejected > 0) {
        log::warn("stream {}: the receiver rejected {} record(s) for good", config_.name,
                  delivery.rejected);
      }
    }
    if (!delivery.error) {
      succeeded();
      continue;
    }
    if (stopping_) return false;
    failed(*delivery.error);
    if (delivery.taken > 0) backoff_.reset();
    const Duration wanted = std::min(delivery.retry_after, config_.retry_maximum);
    if (!rest(std::max(backoff_.next(random_u64()), wanted))) return false;
  }
  return true;
}

void Pump::succeeded() {
  backoff_.reset();
  counters_->last_success_micros = wall_micros();
  if (!counters_->working.exchange(true)) log::info("stream {}: works again", config_.name);
}

void Pump::failed(const Error& error) {
  ++counters_->failures;
  counters_->set_error(error.text, wall_micros());
  // Once, and not every few seconds as long as it lasts.
  if (counters_->working.exchange(false))
    log::warn("stream {}: {}; it is tried again until it works", config_.name, error.text);
}

void Pump::save_cursor(bool now) {
  if (done_ == saved_ && kept_) return;
  if (!now && Clock::now() - saved_at_ < kSaveEvery) return;
  saved_at_ = Clock::now();
  if (const auto saved = file_.save(done_); !saved) {
    // Delivery goes on; after a restart some of it is sent again.
    counters_->set_error(saved.error().text, wall_micros());
    log::error("stream {}: its place is not kept: {}", config_.name, saved.error().text);
    return;
  }
  saved_ = done_;
  kept_ = true;
}

bool Pump::rest(Duration duration) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, duration, [this] { return stopping_.load(); });
}

}  // namespace sluice::stream
