#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/database.h"

namespace sluice::store {

/// A person's word on what a column holds. None is ever changed or removed; the newest on a column
/// counts.
struct ColumnCorrection {
  int64_t number = 0;  ///< 1, 2, 3, …; given when it is saved
  int64_t time_micros = 0;
  std::string database;  ///< its name in the configuration
  std::string schema, table, column;
  std::string cls;     ///< name of a class, "none", or kAuto; not looked at
  std::string author;  ///< required
  std::string comment;
};

/// Takes back what was said before: what is found out counts again.
inline constexpr const char* kAuto = "auto";

/// Adds a word and leaves word of that for the audit log, both or neither. Returns its number.
Result<int64_t> add_column_correction(Database& database, const ColumnCorrection& next);

/// All of them, the newest first.
Result<std::vector<ColumnCorrection>> column_corrections(Database& database);

/// The one of each column that counts, but for those that say kAuto; in no particular order.
Result<std::vector<ColumnCorrection>> column_corrections_in_force(Database& database);

}  // namespace sluice::store
