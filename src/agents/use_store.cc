#include "agents/use_store.h"

namespace sluice::agents {

Result<> tell_use(store::Database& database, const std::vector<UseRow>& rows, int64_t now_micros) {
  if (rows.empty()) return {};
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database));
  SLUICE_ASSIGN(
      auto insert,
      database.prepare("INSERT INTO budget_use (gateway, budget, payer, begin_micros, end_micros, "
                       "last_micros, told_micros, amounts) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON "
                       "CONFLICT (gateway, budget, payer, begin_micros) DO UPDATE SET last_micros "
                       "= excluded.last_micros, told_micros = excluded.told_micros, amounts = "
                       "excluded.amounts"));
  for (const auto& row : rows) {
    insert.bind(1, row.gateway).bind(2, row.budget).bind(3, row.payer);
    insert.bind(4, row.begin_micros).bind(5, row.end_micros).bind(6, row.last_micros);
    SLUICE_TRY(insert.bind(7, now_micros).bind(8, row.amounts).run());
  }
  return transaction.commit();
}

Result<std::vector<UseRow>> load_use(store::Database& database, const std::string& gateway,
                                     int64_t told_since_micros, int64_t now_micros) {
  SLUICE_ASSIGN(auto query,
                database.prepare("SELECT gateway, budget, payer, begin_micros, end_micros, "
                                 "last_micros, amounts FROM budget_use WHERE gateway <> ? AND "
                                 "told_micros >= ? AND (end_micros = 0 OR end_micros > ?)"));
  query.bind(1, gateway).bind(2, told_since_micros).bind(3, now_micros);
  std::vector<UseRow> all;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return all;
    all.push_back({query.text(0), query.text(1), query.text(2), query.integer(3), query.integer(4),
                   query.integer(5), query.text(6)});
  }
}

Result<> forget_use(store::Database& database, int64_t now_micros, int64_t silent_micros) {
  SLUICE_ASSIGN(
      auto remove,
      database.prepare("DELETE FROM budget_use WHERE (end_micros <> 0 AND end_micros < ?) "
                       "OR (end_micros = 0 AND last_micros < ?)"));
  return remove.bind(1, now_micros).bind(2, silent_micros).run();
}

}  // namespace sluice::agents
