#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/stamp.h"
#include "audit/wal_changes.h"
#include "base/result.h"

/// Whether what a server has committed is what passed through the gateway. Pure but for what finds
/// records.
namespace sluice::audit {

/// What the audit log has of a stamp.
struct RecordedStamp {
  uint64_t sequence = 0;            ///< a record of the transaction
  uint64_t server_transaction = 0;  ///< Event::server_transaction; 0: the server never told
};

/// Why a transaction is not explained.
enum class Unexplained : uint8_t {
  kUnstamped,    ///< it changes rows and has no stamp
  kForged,       ///< its stamp says it is ours, and is not
  kForeign,      ///< its stamp says it is of another log
  kUnrecorded,   ///< its stamp is ours, and the log has no record of it
  kCopied,       ///< its stamp is ours, of another transaction
  kUnconfirmed,  ///< its stamp is ours, and nothing says that it belongs to this transaction
};

/// "unstamped", "forged", …
std::string_view name_of(Unexplained why);

struct WalFinding {
  Unexplained why = Unexplained::kUnstamped;
  WalTransaction transaction;
  std::string text;               ///< for people
  std::vector<uint64_t> records;  ///< that may be about it; no proof
};

/// What was looked at so far.
struct ReconcileCounts {
  uint64_t transactions = 0;  ///< that changed rows or have a stamp
  uint64_t explained = 0;
  uint64_t unexplained = 0;
};

/// Judges transactions one by one; keeps none.
class Reconciler {
 public:
  using FindRecord = std::function<Result<std::optional<RecordedStamp>>(const Stamp& stamp)>;

  Reconciler(StampMaker maker, FindRecord find)
      : maker_(std::move(maker)), find_(std::move(find)) {}

  /// What is wrong with it; nothing where a record explains it, or where there is nothing to
  /// explain.
  Result<std::optional<WalFinding>> judge(const WalTransaction& transaction);
  const ReconcileCounts& counts() const { return counts_; }

 private:
  struct Verdict {
    Unexplained why;
    std::string text;
  };
  Result<std::optional<Verdict>> judge_stamp(const std::string& text, uint32_t xid);

  StampMaker maker_;
  FindRecord find_;
  ReconcileCounts counts_;
};

}  // namespace sluice::audit
