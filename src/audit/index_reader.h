#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "audit/index.h"
#include "audit/query.h"

namespace sluice::audit {

/// Bounds of one chunk that may hold something.
struct ChunkInfo {
  int64_t id = 0;
  std::string segment;
  uint64_t begin = 0, end = 0;
  uint64_t first_sequence = 0, last_sequence = 0;
  int64_t first_time = 0, last_time = 0;
};

/// One record as the index knows it.
struct Hit {
  uint64_t context = 0, statement = 0, verdict = 0;  ///< entries
  uint64_t session = 0;
  int64_t time_micros = 0;
  uint64_t duration_micros = 0, rows = 0, sequence = 0, place = 0;
  uint64_t subjects = 0;
};

/// Finds in the index what a query asks for, all but its text. One reading: what is added meanwhile
/// is not seen.
class IndexReader {
 public:
  /// `query` is to live as long.
  static Result<IndexReader> open(Index& index, const Query& query);

  /// Chunks that may hold something, in the query's order: the newest first, or the oldest.
  const std::vector<ChunkInfo>& chunks() const { return chunks_; }
  /// Asked of each value that a chunk's records have of what the query sorts by (a session or an
  /// entry's number), whether one of them is wanted at all.
  using ValueWanted = std::function<bool(uint64_t value)>;
  /// Calls `each` for every record of the chunk that the index says may be one of those; an error
  /// for an index that cannot be read.
  Result<> read(const ChunkInfo& chunk, const std::function<void(const Hit&)>& each,
                const ValueWanted& wanted = {});
  /// Calls `each` for every entry of a kind.
  Result<> entries(EntryKind kind, const std::function<void(uint64_t, const RecordView&)>& each);
  /// The entry of a number that a hit has; valid as long as the reader.
  Result<RecordView> entry(EntryKind kind, uint64_t number);

 private:
  /// Which entries of one kind fit; `asked` false: all do.
  struct Fitting {
    bool asked = false;
    std::unordered_set<uint64_t> numbers;
  };

  IndexReader(Index& index, const Query& query) : index_(index), query_(query) {}
  Result<> find_entries();
  Result<> find_words();
  Result<> find_chunks();
  bool may_hold(const Columns& columns, const ValueWanted& wanted,
                std::vector<std::vector<bool>>& fits) const;
  bool has_words(int64_t chunk, size_t place) const;

  Index& index_;
  const Query& query_;
  std::array<Fitting, 4> fitting_;  ///< by EntryKind
  bool words_asked_ = false;
  /// Chunk to the first places of runs that have the words.
  std::unordered_map<int64_t, std::vector<size_t>> words_;
  std::vector<ChunkInfo> chunks_;
  std::map<uint64_t, std::string> entries_;  ///< read so far
};

}  // namespace sluice::audit
