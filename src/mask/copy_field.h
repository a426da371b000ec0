#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace sluice::mask {

/// The forms of COPY TO.
enum class CopyForm : uint8_t { kText, kCsv, kBinary };

/// The options of a COPY TO, as the server has them in force.
struct CopyOptions {
  CopyForm form = CopyForm::kText;
  char delimiter = '\t';          ///< a comma by default in CSV
  std::string null_text = "\\N";  ///< empty by default in CSV
  char quote = '"';
  char escape = '"';
  bool header = false;
  /// FORCE_QUOTE; by column, none for any beyond.
  std::vector<bool> force_quote;

  static CopyOptions csv() {
    CopyOptions options;
    options.form = CopyForm::kCsv;
    options.delimiter = ',';
    options.null_text.clear();
    return options;
  }
};

/// One field of a text row without its escapes; nothing when it is NULL. It is in `buffer`, or in
/// `raw` itself. An error for a backslash at its end.
Result<std::optional<Bytes>> read_text_field(Bytes raw, const CopyOptions& options,
                                             std::string& buffer);
/// Appends a value, or NULL, as a field of a text row, in the server's way.
void append_text_field(const std::optional<Bytes>& value, const CopyOptions& options,
                       std::string& out);

/// The same for CSV. `raw` is one field with its quotes.
Result<std::optional<Bytes>> read_csv_field(Bytes raw, const CopyOptions& options,
                                            std::string& buffer);
void append_csv_field(const std::optional<Bytes>& value, bool force_quote,
                      const CopyOptions& options, std::string& out);

/// Where the field that begins at `begin` of a row ends: at its delimiter or at the row's end.
/// Nothing when a quoted field is not closed.
std::optional<size_t> field_end(Bytes row, size_t begin, const CopyOptions& options);

}  // namespace sluice::mask
