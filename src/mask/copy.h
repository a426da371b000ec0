#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "mask/copy_field.h"
#include "mask/masker.h"

namespace sluice::mask {

/// Appends one row of text or CSV, without its newline, with the columns that have a masker masked
/// and the others byte for byte. An error unless the row has as many fields as `columns`.
Result<> mask_copy_row(Bytes row, const std::vector<MaskerPtr>& columns, const CopyOptions& options,
                       std::string& out);

/// Appends one binary tuple, from its field count on to its end.
Result<> mask_copy_tuple(Bytes tuple, const std::vector<MaskerPtr>& columns, std::string& out);

/// Masks the data of a COPY TO as it comes, in pieces cut anywhere. Holds back at most one row.
class CopyMasker {
 public:
  /// A column without a masker stays as it is. A row of more than `max_row` bytes is an error.
  CopyMasker(std::vector<MaskerPtr> columns, CopyOptions options, size_t max_row);

  /// Appends what of the data so far is complete, masked. After an error nothing more may be shown.
  Result<> feed(Bytes piece, std::string& out);
  /// At the end of the data: an error if a row is not complete.
  Result<> finish(std::string& out);

  /// Rows that came out whole.
  uint64_t rows() const { return rows_; }

 private:
  Result<size_t> rows_of(Bytes data, std::string& out);
  Result<size_t> tuples_of(Bytes data, std::string& out);
  Result<> row(Bytes line, std::string& out);
  size_t line_end(Bytes data, size_t from);

  std::vector<MaskerPtr> columns_;
  CopyOptions options_;
  size_t max_row_;
  std::string held_;     ///< the beginning of a row whose end is not here yet
  size_t scanned_ = 0;   ///< how much of it has been looked through for that end
  bool quoted_ = false;  ///< whether that was within quotes
  bool begun_ = false;   ///< header passed
  bool ended_ = false;   ///< trailer passed
  uint64_t rows_ = 0;
};

}  // namespace sluice::mask
