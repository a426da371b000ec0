#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "gateway/gateway.h"
#include "store/column_corrections.h"

namespace sluice::gateway {

/// kInvalidInput, with the names there are, unless it is one of a class, "none" or "auto".
Result<> check_class(const std::string& cls);

/// People's words on columns, in the store and in force: one change at a time. May be called from
/// any thread.
class CorrectionKeeper {
 public:
  /// `database` must be nobody else's.
  static Result<std::unique_ptr<CorrectionKeeper>> open(store::Database database);

  /// As they were last read.
  Corrections in_force() const;
  /// Checks a word on a column and saves it; it is in force for the next statement of every
  /// session. kInvalidInput for a class that does not exist, kNotFound for a database or a column.
  /// Returns its number.
  Result<int64_t> set(Gateway& gateway, const store::ColumnCorrection& next);
  /// Saves the classes that statements have taken along to other columns, each once.
  Result<> keep_copies(Gateway& gateway);
  /// Reads them again, and puts them in force if they are others.
  Result<> refresh(Gateway& gateway);
  /// All of them, the newest first.
  Result<std::vector<store::ColumnCorrection>> history();

 private:
  explicit CorrectionKeeper(store::Database database) : database_(std::move(database)) {}
  Result<> refresh_locked(Gateway* gateway);

  mutable std::mutex mutex_;  ///< guards all below
  store::Database database_;
  std::vector<int64_t> numbers_;  ///< of those in force
  Corrections in_force_;
};

}  // namespace sluice::gateway
