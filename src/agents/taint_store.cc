#include "agents/taint_store.h"

namespace sluice::agents {

Result<> keep_taint(store::Database& database, const std::string& whose, int64_t until_micros) {
  SLUICE_ASSIGN(
      auto insert,
      database.prepare("INSERT INTO agent_taints (whose, until_micros) VALUES (?, ?) ON CONFLICT "
                       "(whose) DO UPDATE SET until_micros = excluded.until_micros WHERE "
                       "agent_taints.until_micros < excluded.until_micros"));
  return insert.bind(1, whose).bind(2, until_micros).run();
}

Result<Tainted> load_taints(store::Database& database, int64_t now_micros) {
  SLUICE_ASSIGN(auto over, database.prepare("SELECT 1 FROM agent_taints WHERE until_micros < ?"));
  SLUICE_ASSIGN(const bool any, over.bind(1, now_micros).step());
  // Each writing is a change that others look at.
  if (any) {
    SLUICE_ASSIGN(auto remove, database.prepare("DELETE FROM agent_taints WHERE until_micros < ?"));
    SLUICE_TRY(remove.bind(1, now_micros).run());
  }
  SLUICE_ASSIGN(auto query, database.prepare("SELECT whose, until_micros FROM agent_taints"));
  Tainted all;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return all;
    all.emplace_back(query.text(0), query.integer(1));
  }
}

}  // namespace sluice::agents
