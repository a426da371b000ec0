#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

namespace sluice::cli {

enum class Format : uint8_t { kTable, kJson, kCsv };

/// A listing: JSON objects, of which tables and CSV show the named fields as columns.
struct Listing {
  std::vector<std::string> columns;
  boost::json::array rows;
};

/// Writes a listing: an aligned table, a JSON array, or CSV (RFC 4180). JSON holds values exactly;
/// in the others control characters are replaced by \xNN, but for line ends and tabs in CSV.
void print(std::ostream& out, const Listing& listing, Format format);

/// A value on one line: text as it is, lists joined with ", ".
std::string plain(const boost::json::value& value);

/// Text that is safe on a terminal: control characters and what is not UTF-8 are escaped.
std::string printable(std::string_view text);

/// JSON that is safe on a terminal: DEL and C1 controls are escaped like all others.
std::string json_text(const boost::json::value& value);

/// A CSV field, quoted where needed; one that a spreadsheet would take for a formula is defused.
std::string csv_field(std::string_view text);

}  // namespace sluice::cli
