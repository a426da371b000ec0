#include "store/wal_marks.h"

namespace sluice::store {

Result<std::optional<std::string>> wal_mark(Database& state, std::string_view database,
                                            std::string_view slot) {
  SLUICE_ASSIGN(auto query,
                state.prepare("SELECT lsn FROM wal_marks WHERE database = ? AND slot = ?"));
  SLUICE_ASSIGN(const bool row, query.bind(1, database).bind(2, slot).step());
  return row ? std::optional(query.text(0)) : std::nullopt;
}

Result<> set_wal_mark(Database& state, std::string_view database, std::string_view slot,
                      std::string_view lsn) {
  SLUICE_ASSIGN(auto insert, state.prepare("INSERT INTO wal_marks VALUES (?, ?, ?) ON CONFLICT "
                                           "(database, slot) DO UPDATE SET lsn = excluded.lsn"));
  return insert.bind(1, database).bind(2, slot).bind(3, lsn).run();
}

}  // namespace sluice::store
