#include "audit/legal_holds.h"

#include <fmt/format.h>

#include "audit/filters.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/parse_time.h"
#include "store/state.h"

namespace sluice::audit {
namespace {

constexpr size_t kLongestName = 200;

Result<Query> query_of(const std::string& text) {
  Query query;
  SLUICE_ASSIGN(const auto given, parse_query_string(text));
  for (const auto& [name, value] : given) SLUICE_TRY(set_filter(query, name, value));
  return query;
}

/// As it is kept: "1h ago" is to mean the same tomorrow.
Result<std::string> with_fixed_times(const std::string& text) {
  SLUICE_ASSIGN(auto given, parse_query_string(text));
  for (auto& [name, value] : given) {
    if (name != "since" && name != "until") continue;
    SLUICE_ASSIGN(const int64_t time, parse_time(value));
    value = format_time(time);
  }
  return to_query_string(given);
}

}  // namespace

Result<> add_hold(store::Database& database, const StoredHold& hold) {
  if (hold.name.empty() || hold.name.size() > kLongestName || !is_utf8(hold.name))
    return fail(ErrorCode::kInvalidInput, "the name of a legal hold must be short UTF-8 text");
  if (hold.reason.empty())
    return fail(ErrorCode::kInvalidInput,
                "a legal hold needs a reason, such as the case it is for");
  SLUICE_ASSIGN(const auto kept, with_fixed_times(hold.query));
  SLUICE_ASSIGN(const auto query, query_of(kept));
  SLUICE_TRY(check_times(query));
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database));
  SLUICE_ASSIGN(
      auto insert,
      database.prepare("INSERT INTO legal_holds (name, query, reason, author, time_micros)"
                       " VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING"));
  SLUICE_TRY(insert.bind(1, hold.name)
                 .bind(2, kept)
                 .bind(3, hold.reason)
                 .bind(4, hold.author)
                 .bind(5, wall_micros())
                 .run());
  if (database.changes() == 0) {
    return fail(ErrorCode::kExists,
                fmt::format("there is a legal hold \"{}\" already; release it or take another name",
                            hold.name));
  }
  SLUICE_TRY(
      store::leave_admin_event(database, hold.author,
                               fmt::format("legal hold \"{}\" on {}: {}", hold.name,
                                           kept.empty() ? "everything" : kept, hold.reason)));
  return transaction.commit();
}

Result<std::vector<StoredHold>> stored_holds(store::Database& database) {
  SLUICE_ASSIGN(auto query, database.prepare("SELECT name, query, reason, author, time_micros "
                                             "FROM legal_holds ORDER BY name"));
  std::vector<StoredHold> all;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return all;
    all.push_back({query.text(0), query.text(1), query.text(2), query.text(3), query.integer(4)});
  }
}

Result<> release_hold(store::Database& database, const std::string& name, const std::string& reason,
                      const std::string& author) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database));
  SLUICE_ASSIGN(auto remove, database.prepare("DELETE FROM legal_holds WHERE name = ?"));
  SLUICE_TRY(remove.bind(1, name).run());
  if (database.changes() == 0)
    return fail(ErrorCode::kNotFound, "there is no legal hold \"" + name + "\"");
  SLUICE_TRY(store::leave_admin_event(database, author,
                                      fmt::format("legal hold \"{}\" released: {}", name, reason)));
  return transaction.commit();
}

Result<std::vector<LegalHold>> load_holds(store::Database& database) {
  SLUICE_ASSIGN(const auto stored, stored_holds(database));
  std::vector<LegalHold> holds;
  for (const auto& hold : stored) {
    auto query = query_of(hold.query);
    if (!query) {
      return fail(ErrorCode::kInvalidInput, fmt::format("the legal hold \"{}\" cannot be read: {}",
                                                        hold.name, query.error().text));
    }
    holds.push_back({hold.name, std::move(*query)});
  }
  return holds;
}

}  // namespace sluice::audit
