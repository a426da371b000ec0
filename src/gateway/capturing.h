#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "audit/event.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/result.h"
#include "policy/decision.h"
#include "undo/seal.h"

namespace sluice::config {
struct Config;
}  // namespace sluice::config

namespace sluice::gateway {

/// The key that results are kept under (`<state>/results.key`), read or made when the first is.
/// Thread-safe.
class ResultSeal {
 public:
  void set_file(std::filesystem::path file) { file_ = std::move(file); }
  /// Valid as long as this; an error: it can be neither read nor made.
  Result<const undo::Seal*> get();

 private:
  std::filesystem::path file_;
  std::mutex mutex_;
  std::optional<undo::Seal> seal_;
};

/// A result on its way to a client, kept in the log as the client receives it: its messages
/// (RowDescription, DataRow, CopyData), encrypted, in records of their own (docs/audit.md). Holds
/// no more in memory than a part and a row.
class Capturing {
 public:
  /// Writes one record; false: it could not, and the session has ended.
  using Record = std::function<bool(const audit::Event& event)>;

  /// Keeps whole messages while they take at most `most` bytes.
  Capturing(const undo::Seal& seal, uint64_t most);

  /// Of a message its type and body. False: `record` was.
  bool add(char type, Bytes body, int64_t time_micros, const Record& record);
  /// Writes what is left. Then the result is over, and another may begin.
  bool end(int64_t time_micros, const Record& record);
  /// Of the result that is over, for the record of its statement; empty: it had no rows.
  const std::string& told() const { return told_; }

 private:
  bool write_part(Bytes part, int64_t time_micros, const Record& record);
  void start();

  const undo::Seal& seal_;
  uint64_t most_;
  std::string id_, told_;
  std::string waiting_;  ///< not written yet
  uint64_t kept_ = 0, left_out_ = 0;
  uint64_t parts_ = 0;
  std::unique_ptr<Sha256> digest_;
};

/// One that is to keep the result of a statement; null: nobody asks for it.
std::unique_ptr<Capturing> capturing_for(const policy::Decision* decision, ResultSeal& seal);
/// Why a result that a rule wants kept cannot be; null: it can, or none does.
std::shared_ptr<const policy::Decision> no_capture(const policy::Decision& decision,
                                                   ResultSeal& seal, const config::Config& config);
/// Of a function called by message.
std::shared_ptr<const policy::Decision> no_capture_of_function_calls();

}  // namespace sluice::gateway
