#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::tools {

using CsvRow = std::vector<std::string>;

/// RFC 4180, the header being the first row.
std::vector<CsvRow> read_csv(std::string_view text);

/// One row with its line end.
std::string write_csv(const CsvRow& row);

}  // namespace sluice::tools
