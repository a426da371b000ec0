#include "store/column_corrections.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "store/state.h"

namespace sluice::store {
namespace {

constexpr size_t kMaxName = 1000;
constexpr size_t kMaxComment = 1000;

constexpr const char* kSelect =
    "SELECT number, time_micros, database, schema, table_name, column_name, class, author, comment "
    "FROM column_corrections ";

Result<> check(std::string_view what, std::string_view text, size_t most, bool needed = true) {
  if (needed && text.empty())
    return fail(ErrorCode::kInvalidInput, "the " + std::string(what) + " is missing");
  if (text.size() <= most && is_utf8(text)) return {};
  return fail(ErrorCode::kInvalidInput, "the " + std::string(what) +
                                            " must be UTF-8 text of at most " +
                                            std::to_string(most) + " bytes");
}

Result<std::vector<ColumnCorrection>> all_of(Statement query) {
  std::vector<ColumnCorrection> all;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return all;
    all.push_back({query.integer(0), query.integer(1), query.text(2), query.text(3), query.text(4),
                   query.text(5), query.text(6), query.text(7), query.text(8)});
  }
}

}  // namespace

Result<int64_t> add_column_correction(Database& database, const ColumnCorrection& next) {
  SLUICE_TRY(check("author", next.author, kMaxName));
  SLUICE_TRY(check("comment", next.comment, kMaxComment, false));
  SLUICE_TRY(check("database", next.database, kMaxName));
  SLUICE_TRY(check("schema", next.schema, kMaxName));
  SLUICE_TRY(check("table", next.table, kMaxName));
  SLUICE_TRY(check("column", next.column, kMaxName));
  SLUICE_TRY(check("class", next.cls, kMaxName));
  SLUICE_ASSIGN(auto transaction, Transaction::begin(database));
  SLUICE_ASSIGN(auto insert,
                database.prepare("INSERT INTO column_corrections (time_micros, database, schema, "
                                 "table_name, column_name, class, author, comment) "
                                 "VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING number"));
  SLUICE_ASSIGN(const int64_t number, insert.bind(1, wall_micros())
                                          .bind(2, next.database)
                                          .bind(3, next.schema)
                                          .bind(4, next.table)
                                          .bind(5, next.column)
                                          .bind(6, next.cls)
                                          .bind(7, next.author)
                                          .bind(8, next.comment)
                                          .run_returning());
  std::string message = "correction " + std::to_string(number) + " saved: column " + next.database +
                        "." + next.schema + "." + next.table + "." + next.column +
                        " has the class " + next.cls;
  if (!next.comment.empty()) message += ": " + next.comment;
  SLUICE_TRY(leave_admin_event(database, next.author, message));
  SLUICE_TRY(transaction.commit());
  return number;
}

Result<std::vector<ColumnCorrection>> column_corrections(Database& database) {
  SLUICE_ASSIGN(auto query, database.prepare(std::string(kSelect) + "ORDER BY number DESC"));
  return all_of(std::move(query));
}

Result<std::vector<ColumnCorrection>> column_corrections_in_force(Database& database) {
  SLUICE_ASSIGN(
      auto query,
      database.prepare(std::string(kSelect) +
                       "WHERE class <> ? AND number IN (SELECT max(number) FROM column_corrections "
                       "GROUP BY database, schema, table_name, column_name)"));
  query.bind(1, std::string_view(kAuto));
  return all_of(std::move(query));
}

}  // namespace sluice::store
