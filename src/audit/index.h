#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "audit/columns.h"
#include "audit/follower.h"
#include "audit/index_entry.h"
#include "audit/record_view.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "store/database.h"

namespace sluice::audit {

/// Records in a chunk: few enough to be looked through in a moment, enough to make one cheap to
/// keep.
inline constexpr size_t kChunkRecords = 4096;
/// Records whose words are indexed together.
inline constexpr size_t kWordRecords = 512;

/// A file that is there while the index still tells of records that have been erased.
inline std::filesystem::path stale_index(const std::filesystem::path& audit_directory) {
  return audit_directory / "index.stale";
}

/// The index over the log: `<directory>/index.db`. Says nothing that the log does not say, and can
/// be deleted at any time. Where it lags behind, the rest of the log is read instead.
///
/// For each run of records in a segment (a chunk) it keeps, packed in columns, what can be searched
/// and counted by of each record, and where it stands. Whole records stand in the log alone. The
/// words of statements are indexed for shorter runs: which run has which words.
class Index {
 public:
  static Result<Index> open(const std::filesystem::path& audit_directory);
  /// Deletes its files, if there are any, once nobody has it open; for one that cannot be opened.
  static void remove(const std::filesystem::path& audit_directory);

  /// Up to where the index knows the log.
  Result<Cursor> cursor();
  /// The newest record in it.
  Result<uint64_t> newest();
  /// Reads what was written before, so that it is not written again; to be called before `add`.
  Result<> load();
  /// Notes one record; goes into the file with the next `flush`. False: it is no record.
  bool add(const std::string& segment, const Frame& frame);
  size_t pending_records() const { return pending_records_; }
  /// Notes a damaged place of the log, which is not looked at again: "file: damaged at byte …".
  void note_damage(std::string text) { damage_.push_back(std::move(text)); }
  /// The damaged places that are noted.
  Result<std::vector<std::string>> damage();
  /// Whether there is something to be written.
  bool pending() const { return pending_records_ > 0 || !damage_.empty(); }
  /// Writes what was added, and the position it leads to, in one transaction.
  Result<> flush(const Cursor& cursor);
  store::Database& database() { return database_; }

 private:
  /// Words of some records that follow one another in a chunk.
  struct Words {
    size_t first = 0;  ///< place of the first record in its chunk
    size_t records = 0;
    std::unordered_set<std::string> texts;  ///< seen already
    std::unordered_set<std::string> words;
  };
  /// Records of one segment that follow one another.
  struct Chunk {
    int64_t id = 0;
    std::string segment;
    uint64_t begin = 0;
    uint64_t end = 0;
    uint64_t first_sequence = 0;
    uint64_t last_sequence = 0;
    int64_t first_time = INT64_MAX;
    int64_t last_time = 0;
    ColumnsBuilder columns;
    std::vector<Words> words;  ///< not written yet
    bool changed = false;
    size_t idle = 0;  ///< flushes since it was added to
  };
  /// Numbers of entries of one kind.
  struct Entries {
    std::unordered_map<std::string, uint64_t> known;
    std::vector<std::pair<uint64_t, std::string>> fresh;  ///< not written yet
  };

  Index(UniqueFd files, store::Database database)
      : files_(std::move(files)), database_(std::move(database)) {}
  Chunk& chunk_of(const std::string& segment, const Frame& frame);
  uint64_t entry(EntryKind kind, const std::string& value);
  uint64_t context_of(const RecordView& record);
  uint64_t statement_of(const RecordView& record);
  uint64_t verdict_of(const RecordView& record);
  void add_words(Chunk& chunk, Bytes text);
  static void add_sightings(Words& words, Bytes set);
  Result<> write_entries();
  Result<> write_chunks();

  UniqueFd files_;  ///< locked, so that nobody deletes them meanwhile
  store::Database database_;
  bool loaded_ = false;
  std::array<Entries, 4> entries_;  ///< by EntryKind
  uint64_t last_entry_ = 0;
  int64_t last_chunk_ = 0;
  std::vector<Chunk> full_;            ///< with changes to be written
  std::map<std::string, Chunk> open_;  ///< by segment
  size_t pending_records_ = 0;
  std::vector<std::string> damage_;  ///< not written yet
  std::string key_;
};

}  // namespace sluice::audit
