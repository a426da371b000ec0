#include "store/witnessed.h"

namespace sluice::store {

Result<std::optional<WitnessedHead>> witnessed(Database& database, std::string_view origin) {
  SLUICE_ASSIGN(auto query, database.prepare("SELECT size, root FROM witnessed WHERE origin = ?"));
  query.bind(1, origin);
  SLUICE_ASSIGN(const bool row, query.step());
  if (!row) return std::nullopt;
  return WitnessedHead{static_cast<uint64_t>(query.integer(0)), query.text(1)};
}

Result<bool> advance_witnessed(Database& database, std::string_view origin, uint64_t old_size,
                               const WitnessedHead& next) {
  SLUICE_ASSIGN(auto transaction, Transaction::begin(database));
  SLUICE_ASSIGN(const auto known, witnessed(database, origin));
  if ((known ? known->size : 0) != old_size) return false;
  SLUICE_ASSIGN(auto put, database.prepare("INSERT INTO witnessed VALUES (?, ?, ?) ON CONFLICT "
                                           "(origin) DO UPDATE SET size = excluded.size, "
                                           "root = excluded.root"));
  SLUICE_TRY(
      put.bind(1, origin).bind(2, static_cast<int64_t>(next.size)).bind_blob(3, next.root).run());
  SLUICE_TRY(transaction.commit());
  return true;
}

}  // namespace sluice::store
