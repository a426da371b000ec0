#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "provenance/row_tree.h"

namespace sluice::provenance {

enum class CopyFormat : uint8_t { kText, kCsv, kBinary };

/// How data of COPY is written (PostgreSQL documentation, COPY, "File Formats").
struct CopyForm {
  CopyFormat format = CopyFormat::kText;
  char delimiter = '\t';
  std::string null_text = "\\N";
  char quote = '"';
  char escape = '"';
  bool header = false;  ///< the first line names the columns, and is no row

  /// CSV as COPY writes it.
  static CopyForm csv() { return {CopyFormat::kCsv, ',', "", '"', '"', false}; }
};

/// A longer row is an error.
inline constexpr size_t kLongestRow = size_t{64} << 20;

/// Puts the rows of COPY's data into a tree, as the data comes, in pieces cut anywhere. A row is
/// what a DataRow message says of it: Int16 number of fields, and for each Int32 length (-1: NULL)
/// and bytes, in text or, of the binary format, in binary form. So it is the same whether it came
/// by SELECT, as text or as CSV. Holds back at most one row.
class CopyRows {
 public:
  CopyRows(CopyForm form, RowTree& tree) : form_(std::move(form)), tree_(tree) {}

  Result<> feed(Bytes piece);
  /// At the end: an error if a row is not complete. `line_may_end`: the last line of a file may
  /// lack its newline.
  Result<> finish(bool line_may_end = false);
  /// Fields of the rows; 0 before there was one.
  size_t fields() const { return fields_; }

 private:
  /// Takes whole rows from the front; returns how many bytes they took.
  Result<size_t> lines_of(Bytes data);
  Result<size_t> tuples_of(Bytes data);
  Result<> line(Bytes text);
  Result<> text_fields(Bytes text);
  Result<> csv_fields(Bytes text);
  void begin_row();
  void field(Bytes value);
  void null_field();
  Result<> end_row();

  CopyForm form_;
  RowTree& tree_;
  std::string held_;
  size_t scanned_ = 0;  ///< how much of `held_` has been looked through for a line's end
  bool in_quotes_ = false, escaped_ = false;  ///< CSV, at `scanned_`
  bool begun_ = false, ended_ = false;        ///< header passed, trailer passed
  std::string row_, value_;
  size_t count_ = 0, fields_ = 0;
};

}  // namespace sluice::provenance
