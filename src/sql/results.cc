// What each statement sends back.
#include "sql/walker.h"

namespace sluice::sql {

StatementResult* Walker::own_result() {
  const bool own = !context_.reached && context_.collected == nullptr && !facts_.results.empty();
  return own ? &facts_.results.back() : nullptr;
}

StatementResult* Walker::note_columns(const RowsPtr& rows, bool limited) {
  StatementResult* result = own_result();
  if (result == nullptr) return nullptr;
  std::vector<NamedValue> columns;
  rows->append_to(columns);
  result->columns.clear();
  result->unknown_columns = false;
  if (!columns.empty()) facts_.has_limit = limited;
  for (NamedValue& column : columns) {
    if (!context_.explained) gather_.use(column.value, kUsedInOutput);
    // The place of any number of columns.
    if (column.others && column.value.unknown) result->unknown_columns = true;
    result->columns.push_back(
        {std::string(column.name), std::move(column.value.sources), column.value.unknown});
  }
  return result;
}

StatementResult* Walker::note_output(const RowsPtr& rows, bool limited) {
  StatementResult* result = note_columns(rows, limited);
  if (result != nullptr) result->returns_rows = true;
  return result;
}

void Walker::note_unknown_output() {
  StatementResult* result = own_result();
  if (result == nullptr) return;
  result->returns_rows = result->unknown_columns = true;
  if (result->columns.empty()) facts_.has_limit = false;
}

}  // namespace sluice::sql
