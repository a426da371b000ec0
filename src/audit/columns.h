#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"

namespace sluice::audit {

/// What the index keeps of each record of a chunk.
enum class Column : uint8_t {
  kContext,    ///< number of an entry: who and where
  kStatement,  ///< number of an entry: what it is and does
  kVerdict,    ///< number of an entry: what became of it
  kSession,
  kTime,  ///< microseconds
  kDuration,
  kRows,
  kSequence,
  kPlace,     ///< of its frame in the segment
  kSubjects,  ///< sensitive values that it showed as they are
};
inline constexpr size_t kColumns = 10;
/// The first of them repeat much: each chunk has a list of the values that occur.
inline constexpr size_t kListed = 4;

using Row = std::array<uint64_t, kColumns>;

/// Gathers the rows of one chunk.
class ColumnsBuilder {
 public:
  void add(const Row& row);
  size_t rows() const { return places_.size() / kColumns; }
  std::string encode() const;

 private:
  struct List {
    std::vector<uint64_t> values;
    std::unordered_map<uint64_t, uint64_t> place;
  };
  std::array<List, kListed> lists_;
  std::vector<uint64_t> places_;  ///< row by row; of listed columns: the place in the list
};

/// Reads what ColumnsBuilder encodes: each column packed to as many bytes a value as the largest
/// one takes, counted from the smallest. Nothing is copied; valid as long as the bytes.
class Columns {
 public:
  /// Nothing for bytes that `encode` would not give.
  static std::optional<Columns> read(Bytes in);

  size_t rows() const { return rows_; }
  /// Values that occur in a listed column.
  const std::vector<uint64_t>& list(Column column) const {
    return lists_[static_cast<size_t>(column)];
  }
  /// All values of a column; of a listed one their places in its list, each within it.
  void unpack(Column column, std::vector<uint64_t>& out) const;

 private:
  struct Packed {
    uint64_t base = 0;
    uint8_t width = 0;
    Bytes bytes;
  };
  size_t rows_ = 0;
  std::array<std::vector<uint64_t>, kListed> lists_;
  std::array<Packed, kColumns> packed_;
};

}  // namespace sluice::audit
