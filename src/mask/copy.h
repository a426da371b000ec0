#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "mask/copy_field.h"
#include "mask/row_masker.h"

namespace sluice::mask {

/// What masking rows of COPY needs besides a RowMasker, kept from row to row.
struct CopyScratch {
  RowScratch rows;

  // Of no meaning between rows.
  std::vector<Bytes> raw;
  std::vector<std::string> plain;
  std::string masked;
};

/// Appends one row of text or CSV, without its newline, masked as the server would write it; fields
/// that `masker` does not change stay byte for byte. An error unless the row has as many fields as
/// `masker` has columns, which are of text format.
Result<> mask_copy_row(Bytes row, const RowMasker& masker, const CopyOptions& options,
                       CopyScratch& scratch, std::string& out);

/// Masks the data of a COPY TO as it comes, in pieces cut anywhere. Holds back at most one row.
class CopyMasker {
 public:
  /// The columns of `masker` are of binary format for COPY's binary form, of text format otherwise.
  /// A row of more than `max_row` bytes is an error.
  CopyMasker(std::shared_ptr<const RowMasker> masker, CopyOptions options, size_t max_row);

  /// Appends what of the data so far is complete, masked. After an error nothing more may be shown.
  Result<> feed(Bytes piece, std::string& out);
  /// At the end of the data: an error if a row is not complete.
  Result<> finish(std::string& out);

  /// Rows that came out whole.
  uint64_t rows() const { return rows_; }
  /// Is told of the sensitive values from now on.
  void tell(Sightings& sightings) { scratch_.rows.sightings = &sightings; }
  /// What was masked, by column; none of them as long as there was no row.
  const std::vector<ColumnCounts>& counts() const { return scratch_.rows.counts; }

 private:
  Result<size_t> rows_of(Bytes data, std::string& out);
  Result<size_t> tuples_of(Bytes data, std::string& out);
  Result<> row(Bytes line, std::string& out);
  size_t line_end(Bytes data, size_t from);

  std::shared_ptr<const RowMasker> masker_;
  CopyOptions options_;
  size_t max_row_;
  std::string held_;     ///< the beginning of a row whose end is not here yet
  size_t scanned_ = 0;   ///< how much of it has been looked through for that end
  bool quoted_ = false;  ///< whether that was within quotes
  bool begun_ = false;   ///< header passed
  bool ended_ = false;   ///< trailer passed
  uint64_t rows_ = 0;
  CopyScratch scratch_;
};

}  // namespace sluice::mask
