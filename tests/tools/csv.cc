#include "csv.h"

#include <utility>

namespace sluice::tools {

std::vector<CsvRow> read_csv(std::string_view text) {
  std::vector<CsvRow> rows;
  CsvRow row;
  std::string field;
  bool quoted = false, begun = false;
  const auto close_field = [&] {
    row.push_back(std::exchange(field, {}));
    begun = false;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
        field += text[++i];
      } else if (c == '"') {
        quoted = false;
      } else {
        field += c;
      }
    } else if (c == '"' && !begun) {
      quoted = begun = true;
    } else if (c == ',') {
      close_field();
    } else if (c == '\n') {
      close_field();
      rows.push_back(std::exchange(row, {}));
    } else if (c != '\r') {
      field += c;
      begun = true;
    }
  }
  if (begun || !row.empty()) {
    close_field();
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string write_csv(const CsvRow& row) {
  std::string out;
  for (size_t i = 0; i < row.size(); ++i) {
    if (i > 0) out += ',';
    if (row[i].find_first_of("\",\n\r") == std::string::npos) {
      out += row[i];
      continue;
    }
    out += '"';
    for (const char c : row[i]) {
      if (c == '"') out += '"';
      out += c;
    }
    out += '"';
  }
  return out + '\n';
}

}  // namespace sluice::tools
