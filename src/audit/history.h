#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "audit/record.h"
#include "base/result.h"

namespace sluice::audit {

struct HistoryQuery {
  std::string table;         ///< "orders" or "public.orders"; may be empty with `definitions`
  bool definitions = false;  ///< only what created, altered or dropped, and not rows
  std::string database;
  std::string column;      ///< only what may have changed this one; empty: any
  std::string key, value;  ///< only what may have changed rows in which this column has the value
  int64_t since_micros = 0;
  int64_t until_micros = 0;  ///< 0: now
  size_t limit = 100;        ///< the newest
  uint64_t before = 0;       ///< only records with lower numbers; 0: any
};

/// A statement that changed a table, or its definition; or what else became of it.
struct Change {
  enum class What : uint8_t {
    kStatement,
    kUndone,  ///< somebody undid an approved statement: type approval
    kDrift,   ///< its definition changed past the gateway: type schema_drift
  };
  Record record;
  What what = What::kStatement;
  std::string undone_by;  ///< of a statement; empty: it was not undone
  /// How its transaction ended; kOpen: the record does not tell.
  TransactionOutcome outcome = TransactionOutcome::kOpen;
  bool named =
      false;  ///< with a key: the text or a parameter has the value; else it may be about it
};

/// What has run and changed the table, oldest first, what of it was undone, and what changed past
/// the gateway. Left out is what did not run: only parsed, denied, held and not run. What is known
/// not to be about the column is left out; what may be is not. `audit_directory` is
/// `<state>/audit`.
Result<std::vector<Change>> history(const std::filesystem::path& audit_directory,
                                    const HistoryQuery& query);

/// Whether a record may be about the column and the row; `named` tells which of both.
bool may_change(const HistoryQuery& query, const Record& record, bool& named);

}  // namespace sluice::audit
