#include "audit/log.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "audit/clock_watch.h"
#include "audit/disk_watch.h"
#include "audit/erasing.h"
#include "audit/erasure_words.h"
#include "audit/index_thread.h"
#include "audit/log_key.h"
#include "audit/log_lock.h"
#include "audit/record.h"
#include "audit/recover.h"
#include "audit/salts.h"
#include "audit/segment.h"
#include "audit/tree_files.h"
#include "audit/tree_keeper.h"
#include "audit/trouble.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/short_turns.h"
#include "base/sync_folder.h"

namespace sluice::audit {

EncodedContext::EncodedContext(const SessionContext& context) { encode_context(bytes_, context); }

namespace {

/// Until one that has been open for long enough is tried again, where the disk had no room.
constexpr auto kRetryTurn = std::chrono::minutes(1);

class LogImpl;

class Writer : public LogWriter {
 public:
  Writer(LogImpl& log, uint32_t number) : log_(log), number_(number) {}

  Result<uint64_t> append(const EncodedContext& context, const Event& event) override;
  Result<> reserve(size_t bytes) override;
  void bring_to_disk() override;
  void turn_over() override;
  uint64_t durable_sequence() const override;

  // For the background threads.
  std::shared_ptr<SegmentWriter> segment() const {
    const std::lock_guard lock(mutex_);
    return segment_;
  }
  std::atomic<uint64_t>& durable() { return durable_; }
  /// Once nothing is written any more.
  void drop_spare();
  std::function<void()> on_durable;

 private:
  Result<> make_room(size_t bytes);
  Result<> begin_next();
  Result<> complete();
  Result<> make_spare(size_t bytes);
  std::filesystem::path spare_file() const;

  LogImpl& log_;
  uint32_t number_;
  std::unique_ptr<SegmentWriter> spare_;  ///< the next segment
  // Not std::atomic<std::shared_ptr>: libstdc++ 12's load() races with store().
  mutable std::mutex mutex_;  ///< taken once per segment, and by whoever is not the writer
  std::shared_ptr<SegmentWriter> segment_;
  SegmentWriter* current_ = nullptr;  ///< what `segment_` holds, for the writer alone
  int64_t begun_micros_ = 0;          ///< when it was
  std::string payload_;
  Salts salts_;
  std::atomic<uint64_t> durable_{0};
};

class LogImpl : public Log {
 public:
  LogImpl(LogOptions options, int lock, size_t writers);
  ~LogImpl() override { close(); }

  Result<> recover();
  Result<> open_tree();
  void start_threads();

  LogWriter& writer(size_t index) override { return *writers_[index]; }
  void on_durable(size_t index, std::function<void()> callback) override {
    const std::lock_guard lock(mutex_);
    writers_[index]->on_durable = std::move(callback);
  }
  Result<uint64_t> append_admin(const SessionContext& context, const Event& event) override;
  Health health() const override;
  const std::filesystem::path& directory() const override { return options_.directory; }
  void when_published(uint64_t sequence, std::function<void(bool)> callback) override {
    tree_->when_published(sequence, std::move(callback));
  }
  tlog::VerifierKey key() override { return tree_->key(); }
  Result<tlog::VerifierKey> rotate_key() override;
  Result<Signed> sign(std::string_view message) override;
  const std::string& origin() const override { return tree_->origin(); }
  void close() override;

  const LogOptions& options() const { return options_; }
  uint64_t next_sequence() { return sequence_.fetch_add(1, std::memory_order_relaxed) + 1; }
  uint64_t last_sequence() const { return sequence_.load(std::memory_order_relaxed); }
  Trouble& trouble() { return trouble_; }
  /// Everything of `writer` up to `sequence` is on disk: tells whoever waits for it.
  void made_durable(Writer& writer, uint64_t sequence);
  void wake_sync() {
    appended_.fetch_add(1, std::memory_order_release);
    appended_.notify_one();
  }

 private:
  Result<> record_evidence(const std::string& message);
  void note_evidence(const std::string& message);
  Result<> record_lost(const std::vector<uint64_t>& numbers);
  void watch_clock_and_disk();
  void turn_over_own();
  Result<> seal();
  void sync_loop();
  void sync_once();

  LogOptions options_;
  int lock_;
  std::atomic<uint64_t> sequence_{0};
  std::vector<std::unique_ptr<Writer>> writers_;  ///< the last one is for admin records
  std::mutex admin_mutex_;
  mutable std::mutex mutex_;
  Trouble trouble_;
  std::atomic<uint32_t> appended_{0};
  std::atomic<bool> stopping_{false};
  std::thread sync_thread_;
  DiskWatch disk_;
  IndexThread index_thread_;
  ClockWatch clock_;                ///< the tree thread's own
  std::vector<std::string> found_;  ///< by recovery, to be recorded
  std::unique_ptr<TreeKeeper> tree_;
  std::mutex rotate_mutex_;
  std::mutex signer_mutex_;
  std::unique_ptr<tlog::Signer> signer_;  ///< the same key, for `sign`
  bool closed_ = false;
};

Result<uint64_t> Writer::append(const EncodedContext& context, const Event& event) {
  // What has happened is recorded if there is any way; only what has not is refused.
  if (log_.trouble().for_good()) return fail(ErrorCode::kIo, log_.trouble().text());
  payload_.clear();
  encode_record(payload_, context.bytes(), event,
                {log_.options().text_limit, log_.options().parameters_limit});
  SLUICE_TRY(make_room(payload_.size()));
  const uint64_t sequence = log_.next_sequence();
  current_->append(sequence, salts_.next(), payload_);
  return sequence;
}

void Writer::bring_to_disk() {
  if (log_.options().durability == Durability::kDisk) log_.wake_sync();
}

/// Many statements may be under way that were told so before: the room that they need is that of a
/// whole segment, which stands ready while the present one fills.
Result<> Writer::reserve(size_t bytes) {
  if (log_.trouble().broken()) return fail(ErrorCode::kIo, log_.trouble().text());
  turn_over();
  SLUICE_TRY(make_room(bytes));
  return spare_ ? Result<>() : make_spare(bytes);
}

Result<> Writer::make_spare(size_t bytes) {
  drop_spare();
  auto spare = SegmentWriter::create(
      spare_file(), number_, 0,
      std::max(log_.options().segment_bytes, kSegmentHeader + frame_size(bytes) + 8));
  if (!spare) {
    log_.trouble().set(spare.error().text, false);
    return fail(std::move(spare.error()));
  }
  log_.trouble().set({}, false);
  spare_ = std::move(*spare);
  return {};
}

void Writer::drop_spare() {
  spare_.reset();
  std::error_code ignored;
  std::filesystem::remove(spare_file(), ignored);
}

std::filesystem::path Writer::spare_file() const {
  return log_directory(log_.options().directory) / fmt::format("next-{}.tmp", number_);
}

Result<> Writer::make_room(size_t bytes) {
  if (current_ != nullptr && current_->has_room(bytes)) return {};
  if (!spare_ || !spare_->has_room(bytes)) SLUICE_TRY(make_spare(bytes));
  return begin_next();
}

void Writer::turn_over() {
  // One without a record is none that is complete.
  if (current_ == nullptr || current_->last_sequence() == 0 || log_.trouble().broken() ||
      std::chrono::microseconds(wall_micros() - begun_micros_) < log_.options().longest_open) {
    return;
  }
  if (!spare_ && !make_spare(0)) {
    // Its disk is full: what is open can be written to as before, and it is tried again later.
    begun_micros_ += std::chrono::microseconds(kRetryTurn).count();
    return;
  }
  if (complete()) {
    // The next begins with its first record: an empty one would look like one that was torn.
    current_ = nullptr;
    const std::lock_guard lock(mutex_);
    segment_.reset();
  }
}

/// Nothing is written to the present segment any more.
Result<> Writer::complete() {
  if (log_.options().durability == Durability::kDisk) {
    // The kernel tells of it once; a second try would pass for having reached the disk.
    if (auto synced = current_->sync(); !synced) {
      log_.trouble().set(synced.error().text, true);
      return synced;
    }
    log_.made_durable(*this, current_->last_sequence());
  }
  current_->seal();
  return {};
}

/// Goes over to the spare segment.
Result<> Writer::begin_next() {
  const uint64_t first = log_.last_sequence() + 1;
  SLUICE_TRY(
      spare_->begin(log_directory(log_.options().directory) / segment_name(first, number_), first));
  // Nobody is answered for what is in a segment without a name.
  if (log_.options().durability == Durability::kDisk) {
    // Its header first: a name without one would be all that a power failure leaves of it.
    auto named = spare_->sync();
    if (named) named = sync_folder(log_directory(log_.options().directory));
    if (!named) log_.trouble().set(named.error().text, true);
    SLUICE_TRY(named);
  }
  if (current_ != nullptr) SLUICE_TRY(complete());
  current_ = spare_.get();
  begun_micros_ = wall_micros();
  const std::lock_guard lock(mutex_);
  segment_ = std::move(spare_);
  return {};
}

uint64_t Writer::durable_sequence() const {
  return log_.options().durability == Durability::kDisk ? durable_.load(std::memory_order_acquire)
                                                        : UINT64_MAX;
}

LogImpl::LogImpl(LogOptions options, int lock, size_t writers)
    : options_(std::move(options)),
      lock_(lock),
      disk_(options_.low_water),
      index_thread_(options_.directory, [this] { return last_sequence(); }) {
  for (uint32_t i = 0; i <= writers; ++i) writers_.push_back(std::make_unique<Writer>(*this, i));
}

Result<> LogImpl::recover() {
  SLUICE_TRY(name_begun_segments(log_directory(options_.directory)));
  for (const auto& writer : writers_) writer->drop_spare();
  SLUICE_ASSIGN(auto recovered, recover_log(options_));
  sequence_ = recovered.last_sequence;
  found_ = std::move(recovered.found);
  return {};
}

Result<> LogImpl::open_tree() {
  SLUICE_ASSIGN(auto signer, open_log_key(options_));
  const std::string origin =
      options_.origin.empty() ? "sluice.local/" + to_hex(random_string(8)) : options_.origin;
  auto sequencer = Sequencer::open(options_.directory, origin, std::move(signer), sequence_);
  if (!sequencer) return not_what_was_signed(options_.directory, sequencer.error());
  if (auto opened = (*sequencer)->reopen(); !opened) {
    return fail(std::move(opened.error())
                    .within("the audit log was closed, and cannot be signed as open; see to its "
                            "disk or key, and start again"));
  }
  tree_ = std::make_unique<TreeKeeper>(
      std::move(*sequencer), options_.checkpoint_interval,
      TreeKeeper::Callbacks{[this](const auto& problem) { trouble_.set_tree(problem); },
                            [this](const auto& numbers) { return record_lost(numbers); },
                            [this] {
                              watch_clock_and_disk();
                              turn_over_own();
                            }});
  // One of its own: the tree's is in use while files are synced.
  SLUICE_ASSIGN(signer_, open_log_key(options_));
  for (const auto& message : found_) note_evidence(message);
  return {};
}

Result<> LogImpl::record_evidence(const std::string& message) {
  Event event;
  event.type = EventType::kEvidence;
  event.time_micros = wall_micros();
  event.message = message;
  return append_admin({}, event).map([](uint64_t) {});
}

/// Where there is no room for it, there is the gateway's own log.
void LogImpl::note_evidence(const std::string& message) {
  if (const auto done = record_evidence(message); !done)
    log::error("{}: {}", message, done.error().text);
}

Result<> LogImpl::record_lost(const std::vector<uint64_t>& numbers) {
  for (const auto& [first, last] : ranges_of(numbers)) {
    SLUICE_TRY(record_evidence(first == last ? fmt::format("lost: record {}", first)
                                             : fmt::format("lost: records {} to {}", first, last)));
  }
  log::warn("audit log: {} record(s) were lost with the last process", numbers.size());
  return {};
}

/// Nobody may log anything through its own writer for long.
void LogImpl::turn_over_own() {
  const std::lock_guard lock(admin_mutex_);
  if (!trouble_.for_good()) writers_.back()->turn_over();
}

void LogImpl::watch_clock_and_disk() {
  if (const auto jump = clock_.look(Moment::now()); !jump.empty()) note_evidence(jump);
  disk_.look(options_.directory);
}

Result<tlog::VerifierKey> LogImpl::rotate_key() {
  // The next key's file is one: two at once would write over what has just been signed in.
  const std::lock_guard rotating(rotate_mutex_);
  SLUICE_ASSIGN(auto next, create_next_log_key(options_));
  const auto old = tree_->key();
  if (next->public_key() == old.public_key) {
    return fail(ErrorCode::kInvalidInput,
                "the key that is to take over signs already: name another in audit.next_key");
  }
  // Before it takes over: behind that nothing may fail, or two keys would sign.
  auto signer = open_next_log_key(options_);
  if (signer && (*signer)->public_key() != next->public_key())
    signer = fail(ErrorCode::kInvalidInput, "it is another key than a moment ago");
  if (!signer) {
    return fail(std::move(signer.error())
                    .within("the next key cannot be opened twice, so the old one stays in force; "
                            "see to the file or token, and change the key again"));
  }
  SLUICE_ASSIGN(const auto key, tree_->rotate(std::move(next)));
  {
    const std::lock_guard lock(signer_mutex_);
    signer_ = std::move(*signer);
  }
  // Where it cannot have the name it stays where it is, and is found there by the next start.
  if (const auto named = replace_log_key(options_); !named)
    log::warn("audit log: {}", named.error().text);
  note_evidence("key changed from " + old.text() + " to " + key.text());
  return key;
}

Result<Log::Signed> LogImpl::sign(std::string_view message) {
  const std::lock_guard lock(signer_mutex_);
  SLUICE_ASSIGN(auto signature, signer_->sign(message));
  return Signed{{origin(), tlog::KeyType::kEd25519, signer_->public_key()}, std::move(signature)};
}

void LogImpl::start_threads() {
  if (options_.durability == Durability::kDisk) sync_thread_ = std::thread([this] { sync_loop(); });
  index_thread_.start();
}

Result<uint64_t> LogImpl::append_admin(const SessionContext& context, const Event& event) {
  const std::lock_guard lock(admin_mutex_);
  writers_.back()->turn_over();
  auto sequence = writers_.back()->append(EncodedContext(context), event);
  writers_.back()->bring_to_disk();
  return sequence;
}

void LogImpl::sync_loop() {
  pthread_setname_np(pthread_self(), "audit-sync");
  // It is what statements wait for.
  take_short_turns();
  while (!stopping_) {
    const uint32_t seen = appended_.load(std::memory_order_acquire);
    sync_once();
    if (appended_.load(std::memory_order_acquire) == seen && !stopping_) appended_.wait(seen);
  }
}

void LogImpl::sync_once() {
  for (const auto& writer : writers_) {
    const auto segment = writer->segment();
    if (!segment) continue;
    // One sync covers all that was appended before it: the more waits, the more it serves.
    const uint64_t upto = segment->last_sequence();
    if (upto <= writer->durable().load()) continue;
    if (const auto synced = segment->sync(); !synced) {
      // What reached the disk is not known, and a second try would not tell.
      trouble_.set(synced.error().text, true);
      return;
    }
    made_durable(*writer, upto);
  }
}

void LogImpl::made_durable(Writer& writer, uint64_t sequence) {
  std::function<void()> callback;
  {
    const std::lock_guard lock(mutex_);
    // The writer itself, changing segments, may have been faster: it never goes back.
    if (sequence <= writer.durable().load()) return;
    writer.durable().store(sequence, std::memory_order_release);
    callback = writer.on_durable;
  }
  if (callback) callback();
}

Log::Health LogImpl::health() const {
  Health health;
  health.problem = trouble_.text();
  health.writable = health.problem.empty();
  health.published_sequence = tree_->published();
  health.free_bytes = disk_.free_bytes();
  health.low_on_disk = disk_.low();
  // Asked before: what comes in meanwhile is not behind.
  health.last_sequence = last_sequence();
  health.indexed_sequence = index_thread_.lag().indexed();
  health.index_behind = index_thread_.lag().behind(health.last_sequence, Clock::now());
  return health;
}

/// Completes all segments; nothing is written to them any more. An error: it cannot be closed.
Result<> LogImpl::seal() {
  // Earlier checkpoints do not say that nothing follows: one of as many records could be put back.
  Result<> noted;
  if (tree_ && last_sequence() != 0 && tree_->published() == last_sequence())
    noted = record_evidence("closed, and nothing recorded since the last checkpoint");
  const std::lock_guard lock(admin_mutex_);
  trouble_.close();
  for (const auto& writer : writers_) {
    writer->drop_spare();
    if (const auto segment = writer->segment()) segment->seal();
  }
  return noted;
}

void LogImpl::close() {
  if (std::exchange(closed_, true)) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_sync();
  if (sync_thread_.joinable()) sync_thread_.join();
  // Its thread records what it finds: nothing is sealed before it has ended.
  if (tree_) tree_->pause_for_good();
  // What did not reach the disk is not signed: the kernel told of it once, and would not again.
  const bool whole = !trouble_.for_good();
  auto done = seal();
  // Last: what came in behind it would look like what somebody has added. It brings to disk what it
  // signs, so that nobody else asks the kernel before.
  if (done && tree_ && whole) done = tree_->close(last_sequence());
  if (!done && last_sequence() != 0) log::warn("audit log: not closed: {}", done.error().text);
  index_thread_.stop();
  ::close(lock_);
}

}  // namespace

Result<std::unique_ptr<Log>> Log::open(const LogOptions& options, size_t writers) {
  std::error_code error;
  std::filesystem::create_directories(options.directory / "log", error);
  if (error) {
    return fail(ErrorCode::kIo, "create " + options.directory.string() + ": " + error.message());
  }
  std::filesystem::permissions(options.directory, std::filesystem::perms::owner_all, error);
  SLUICE_ASSIGN(const int lock, lock_log(options.directory));
  auto log = std::make_unique<LogImpl>(options, lock, writers);
  // What the disk does not let it erase just now stays noted: no reason to record nothing. Upkeep
  // goes on with it.
  SLUICE_ASSIGN(const auto unerased, resume_erasing(options.directory, true));
  if (unerased.records > 0) log::error("audit log: not erased yet: {}", unerased.why);
  SLUICE_TRY(log->recover());
  SLUICE_TRY(log->open_tree());
  log->start_threads();
  return log;
}

}  // namespace sluice::audit
