#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "audit/record.h"
#include "audit/segment.h"
#include "base/result.h"
#include "store/sqlite.h"

namespace sluice::audit {

/// Where reading of the segments has got to: file name to offset.
using Cursor = std::map<std::string, uint64_t>;

/// Reads what has been added to a log folder since last time, from any process.
class LogFollower {
 public:
  LogFollower(std::filesystem::path directory, Cursor cursor)
      : directory_(std::move(directory)), cursor_(std::move(cursor)) {}

  struct Item {
    Record record;
    std::string segment;
    uint64_t offset = 0;
  };
  /// At most about `limit` new records, in order of sequence; empty when there are none.
  Result<std::vector<Item>> read(size_t limit);
  const Cursor& cursor() const { return cursor_; }
  /// Damaged places found on the way, for the log: "file: offset".
  std::vector<std::string> take_damage() { return std::exchange(damage_, {}); }

 private:
  std::filesystem::path directory_;
  Cursor cursor_;
  std::map<std::string, SegmentReader> open_;
  std::map<std::string, bool> damaged_;
  std::vector<std::string> damage_;
};

/// The index over the log: `<directory>/index.db`. Says nothing that the log does not say, and can
/// be deleted at any time. Where it lags behind, the rest of the log is read instead.
class Index {
 public:
  static Result<Index> open(const std::filesystem::path& audit_directory);

  Result<Cursor> cursor();
  /// Adds records and the position they lead to, in one transaction.
  Result<> add(const std::vector<LogFollower::Item>& items, const Cursor& cursor);
  store::Database& database() { return database_; }

 private:
  explicit Index(store::Database database) : database_(std::move(database)) {}
  Result<int64_t> text_id(const Record& record);
  store::Database database_;
};

}  // namespace sluice::audit
