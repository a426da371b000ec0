#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "audit/event.h"
#include "base/clock.h"
#include "base/result.h"
#include "tlog/note.h"

namespace sluice::audit {

enum class Durability : uint8_t {
  kProcess,  ///< the record is in the kernel's page cache: survives kill -9 of the gateway
  kDisk,     ///< the record is fsynced before its completion is released
};

struct LogOptions {
  std::filesystem::path directory;  ///< <state>/audit
  Durability durability = Durability::kProcess;
  size_t segment_bytes = 64UL * 1024 * 1024;
  size_t text_limit = 16 * 1024;       ///< bytes of statement text kept in a record
  size_t parameters_limit = 4 * 1024;  ///< bytes of bound parameters kept in a record
  /// What the log calls itself in its checkpoints, when it begins; empty: a name is made up.
  std::string origin;
  /// Holds its Ed25519 key (PEM), or names one in a token (tlog/pkcs11_key.h); empty:
  /// `<directory>/log-key.pem`, made when the log begins.
  std::filesystem::path key_file;
  /// The same of the key that takes over when it is changed; empty: one is made in a file.
  std::filesystem::path next_key;
  Duration checkpoint_interval = std::chrono::seconds(1);
  /// How long a segment is written to that does not fill: where little is recorded, size alone
  /// would let what retention is to take stand for months.
  Duration longest_open = std::chrono::hours(24);
  /// Bytes free on its disk below which an alarm is raised.
  uint64_t low_water = uint64_t{1} << 30;
};

/// The part of a record that is the same for a whole session, encoded once.
class EncodedContext {
 public:
  EncodedContext() = default;
  explicit EncodedContext(const SessionContext& context);
  std::string_view bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

/// One worker's end of the log. Appends into its own preallocated, memory-mapped segment file: no
/// system call, no lock and no other thread in the way. Not thread-safe.
class LogWriter {
 public:
  virtual ~LogWriter() = default;
  /// Appends one record and returns its sequence number (process-wide, increasing, also the
  /// record's id). When it returns, the record is in the kernel. An error (disk full, I/O error)
  /// means: not recorded, refuse the statement; later calls try again.
  virtual Result<uint64_t> append(const EncodedContext& context, const Event& event) = 0;
  /// Whether a record could be written now (the current segment has room for `bytes` or a new one
  /// could be had): asked before a statement is forwarded, so that it can still be refused.
  virtual Result<> reserve(size_t bytes) = 0;
  /// kDisk: has everything appended so far brought to disk, by another thread; `on_durable` tells
  /// when it is there. Once for many records: each call may be a sync of its own.
  virtual void bring_to_disk() = 0;
  /// Completes a segment that has been written to for long. To be called now and then by whoever
  /// appends, also while there is nothing to append: only what is complete is archived and erased.
  virtual void turn_over() = 0;
  /// kDisk: every record of this writer up to this sequence is on disk. kProcess: always all.
  virtual uint64_t durable_sequence() const = 0;
};

/// The audit log of one gateway: segment files plus the thread that syncs (kDisk), orders and
/// indexes them.
class Log {
 public:
  /// Opens or creates the log; recovers what a crash left (torn tails are marked, whole records
  /// kept). `writers` is the number of LogWriters wanted. One process at a time: a second gets
  /// an error naming the holder.
  static Result<std::unique_ptr<Log>> open(const LogOptions& options, size_t writers);
  virtual ~Log() = default;

  virtual LogWriter& writer(size_t index) = 0;
  /// kDisk: called on the sync thread after `durable_sequence` of writer `index` moved.
  virtual void on_durable(size_t index, std::function<void()> callback) = 0;
  /// Appends from any thread through a writer of its own (admin and lifecycle records); locks.
  virtual Result<uint64_t> append_admin(const SessionContext& context, const Event& event) = 0;

  struct Health {
    bool writable = true;
    std::string problem;
    uint64_t indexed_sequence = 0;  ///< up to which all records are in the index
    uint64_t last_sequence = 0;
    Duration index_behind{};  ///< so long ago at most the first one was written that is not in it
    uint64_t index_lag_records() const {
      return last_sequence > indexed_sequence ? last_sequence - indexed_sequence : 0;
    }
    uint64_t published_sequence = 0;  ///< that the last signed checkpoint covers
    uint64_t free_bytes = 0;          ///< on its disk
    bool low_on_disk = false;         ///< below the configured low water
  };
  virtual Health health() const = 0;
  /// `<state>/audit`.
  virtual const std::filesystem::path& directory() const = 0;
  /// Calls back, on a thread of the log's, once a signed checkpoint covers the record, for which it
  /// asks; with false where none can be made. Never if the log closes first.
  virtual void when_published(uint64_t sequence, std::function<void(bool)> callback) = 0;
  /// The public key that checkpoints are signed with.
  virtual tlog::VerifierKey key() = 0;
  /// Signs a statement of the house other than a checkpoint, with that key; from any thread. Never
  /// waits for the tree.
  struct Signed {
    tlog::VerifierKey key;
    std::string signature;
  };
  virtual Result<Signed> sign(std::string_view message) = 0;
  /// What the log calls itself.
  virtual const std::string& origin() const = 0;
  /// Makes a new key and lets the old one sign it in; the old one's file is gone afterwards.
  virtual Result<tlog::VerifierKey> rotate_key() = 0;
  /// Syncs and indexes everything; after it the log is closed.
  virtual void close() = 0;
};

}  // namespace sluice::audit
