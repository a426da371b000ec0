#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "audit/follower.h"
#include "audit/record_view.h"
#include "base/result.h"
#include "store/sqlite.h"

namespace sluice::audit {

/// The index over the log: `<directory>/index.db`. Says nothing that the log does not say, and can
/// be deleted at any time. Where it lags behind, the rest of the log is read instead.
///
/// It does not list records, which would cost more than writing them: it says of each run of
/// records in a segment (a chunk) who did what kind of thing to which tables in it. A search reads
/// the chunks that may hold what it looks for.
class Index {
 public:
  static Result<Index> open(const std::filesystem::path& audit_directory);
  /// Deletes its files, if there are any; for one that cannot be opened.
  static void remove(const std::filesystem::path& audit_directory);

  /// Up to where the index knows the log.
  Result<Cursor> cursor();
  /// Notes one record; goes into the file with the next `flush`. False: it is no record.
  bool add(const std::string& segment, const Frame& frame);
  size_t pending_records() const { return pending_records_; }
  /// Writes what was added, and the position it leads to, in one transaction.
  Result<> flush(const Cursor& cursor);
  store::Database& database() { return database_; }

 private:
  /// Records of one segment that follow one another.
  struct Chunk {
    std::string segment;
    uint64_t begin = 0;
    uint64_t end = 0;
    uint64_t first_sequence = 0;
    uint64_t last_sequence = 0;
    int64_t first_time = INT64_MAX;
    int64_t last_time = 0;
    size_t records = 0;
    std::unordered_map<std::string, uint64_t> groups;  ///< group_key to number of records
  };

  explicit Index(store::Database database) : database_(std::move(database)) {}
  Chunk& chunk_of(const std::string& segment, const Frame& frame);
  Result<> write(const Chunk& chunk, store::Statement& chunks, store::Statement& groups);

  store::Database database_;
  std::vector<Chunk> pending_;
  std::map<std::string, size_t> current_;  ///< segment to its open chunk in `pending_`
  size_t pending_records_ = 0;
  std::string key_;
};

}  // namespace sluice::audit
