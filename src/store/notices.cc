#include "store/notices.h"

#include "base/clock.h"
#include "store/state.h"

namespace sluice::store {
Result<> leave_notice(Database& database, std::string_view event, int64_t request,
                      std::string_view actor, std::string_view message) {
  const int64_t now = wall_micros();
  SLUICE_ASSIGN(auto forget, database.prepare("DELETE FROM notices WHERE time_micros < ?"));
  SLUICE_TRY(forget.bind(1, now - kNoticesKeptMicros).run());
  SLUICE_ASSIGN(auto insert,
                database.prepare("INSERT INTO notices (time_micros, event, request, actor, "
                                 "message) VALUES (?, ?, ?, ?, ?)"));
  return insert.bind(1, now)
      .bind(2, event)
      .bind(3, request)
      .bind(4, storable(actor))
      .bind(5, storable(message))
      .run();
}

Result<int64_t> last_notice(Database& database) {
  SLUICE_ASSIGN(auto query, database.prepare("SELECT coalesce(max(id), 0) FROM notices"));
  SLUICE_ASSIGN([[maybe_unused]] const bool row, query.step());
  return query.integer(0);
}

Result<std::vector<Notice>> notices_after(Database& database, int64_t id, size_t limit) {
  SLUICE_ASSIGN(auto query,
                database.prepare("SELECT id, time_micros, event, request, actor, message FROM "
                                 "notices WHERE id > ? ORDER BY id LIMIT ?"));
  query.bind(1, id).bind(2, static_cast<int64_t>(limit));
  std::vector<Notice> out;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return out;
    out.push_back({query.integer(0), query.integer(1), query.text(2), query.integer(3),
                   query.text(4), query.text(5)});
  }
}

Result<WebhookPlace> webhook_place(Database& database, std::string_view webhook) {
  constexpr const char* kPlace =
      "SELECT told, taken_by, taken_micros FROM webhook_places WHERE webhook = ?";
  SLUICE_ASSIGN(auto query, database.prepare(kPlace));
  SLUICE_ASSIGN(bool found, query.bind(1, webhook).step());
  if (!found) {
    query.reset();
    SLUICE_ASSIGN(auto transaction, Transaction::begin(database));
    SLUICE_ASSIGN(const int64_t last, last_notice(database));
    SLUICE_ASSIGN(auto insert,
                  database.prepare("INSERT INTO webhook_places VALUES (?, ?, '', 0) ON CONFLICT "
                                   "DO NOTHING"));
    SLUICE_TRY(insert.bind(1, webhook).bind(2, last).run());
    SLUICE_TRY(transaction.commit());
    SLUICE_ASSIGN(found, query.bind(1, webhook).step());
    if (!found) return fail(ErrorCode::kInternal, "the place of a webhook is gone");
  }
  return WebhookPlace{query.integer(0), query.text(1), query.integer(2)};
}

Result<bool> take_webhook(Database& database, std::string_view webhook, std::string_view gateway,
                          int64_t now_micros, int64_t abandoned_micros) {
  SLUICE_ASSIGN(auto transaction, Transaction::begin(database));
  SLUICE_ASSIGN(auto update,
                database.prepare("UPDATE webhook_places SET taken_by = ?1, taken_micros = ?2 WHERE "
                                 "webhook = ?3 AND (taken_by IN ('', ?1) OR taken_micros < ?4)"));
  SLUICE_TRY(
      update.bind(1, gateway).bind(2, now_micros).bind(3, webhook).bind(4, abandoned_micros).run());
  const bool taken = database.changes() == 1;
  SLUICE_TRY(transaction.commit());
  return taken;
}

Result<> move_webhook(Database& database, std::string_view webhook, int64_t told,
                      int64_t now_micros) {
  SLUICE_ASSIGN(auto update,
                database.prepare("UPDATE webhook_places SET told = ?1, taken_micros = ?2 WHERE "
                                 "webhook = ?3 AND told < ?1"));
  return update.bind(1, told).bind(2, now_micros).bind(3, webhook).run();
}

Result<bool> take_answer(Database& database, std::string_view webhook, std::string_view id,
                         int64_t now_micros, int64_t forget_before_micros) {
  SLUICE_ASSIGN(auto transaction, Transaction::begin(database));
  SLUICE_ASSIGN(auto forget, database.prepare("DELETE FROM webhook_answers WHERE time_micros < ?"));
  SLUICE_TRY(forget.bind(1, forget_before_micros).run());
  SLUICE_ASSIGN(auto insert,
                database.prepare("INSERT INTO webhook_answers VALUES (?, ?, ?) ON CONFLICT DO "
                                 "NOTHING"));
  SLUICE_TRY(insert.bind(1, webhook).bind(2, storable(id)).bind(3, now_micros).run());
  const bool taken = database.changes() == 1;
  SLUICE_TRY(transaction.commit());
  return taken;
}

Result<> give_back_answer(Database& database, std::string_view webhook, std::string_view id) {
  SLUICE_ASSIGN(auto remove,
                database.prepare("DELETE FROM webhook_answers WHERE webhook = ? AND id = ?"));
  return remove.bind(1, webhook).bind(2, storable(id)).run();
}

}  // namespace sluice::store
