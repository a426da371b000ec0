#include "store/kept_databases.h"

#include <algorithm>

#include "base/clock.h"
#include "store/state.h"

namespace sluice::store {
namespace {

KeptDatabase row_of(const Statement& query) {
  KeptDatabase row;
  row.name = query.text(0);
  row.environment = query.text(1);
  row.url = query.text(2);
  row.user = query.text(3);
  row.authority = query.text(4);
  row.masking = query.integer(5) != 0;
  row.stamp_writes = query.integer(6) != 0;
  row.pool_size = static_cast<unsigned>(query.integer(7));
  row.author = query.text(8);
  row.created_micros = query.integer(9);
  row.changed_micros = query.integer(10);
  row.sealed = query.text(11);
  return row;
}

Error none(const std::string& name) {
  return {ErrorCode::kNotFound,
          "no database \"" + name + "\" has been added here; see: sluice database list"};
}

Result<> insert(Database& database, const KeptDatabase& row, int64_t created) {
  SLUICE_ASSIGN(auto add,
                database.prepare("INSERT INTO kept_databases (name, environment, url, user_name, "
                                 "authority, masking, stamp_writes, pool_size, author, "
                                 "created_micros, changed_micros, sealed) "
                                 "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  return add.bind(1, row.name)
      .bind(2, row.environment)
      .bind(3, row.url)
      .bind(4, row.user)
      .bind(5, row.authority)
      .bind(6, static_cast<int64_t>(row.masking))
      .bind(7, static_cast<int64_t>(row.stamp_writes))
      .bind(8, static_cast<int64_t>(row.pool_size))
      .bind(9, row.author)
      .bind(10, created)
      .bind(11, wall_micros())
      .bind_blob(12, row.sealed)
      .run();
}

Result<> erase(Database& database, const std::string& name) {
  SLUICE_ASSIGN(auto remove, database.prepare("DELETE FROM kept_databases WHERE name = ?"));
  SLUICE_TRY(remove.bind(1, name).run());
  if (database.changes() == 0) return fail(none(name));
  return {};
}

}  // namespace

Result<std::vector<KeptDatabase>> kept_databases(Database& database) {
  SLUICE_ASSIGN(auto query,
                database.prepare("SELECT name, environment, url, user_name, authority, masking, "
                                 "stamp_writes, pool_size, author, created_micros, "
                                 "changed_micros, sealed FROM kept_databases ORDER BY name"));
  std::vector<KeptDatabase> all;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return all;
    all.push_back(row_of(query));
  }
}

Result<> add_kept_database(Database& database, const KeptDatabase& next, std::string_view word) {
  if (next.author.empty()) return fail(ErrorCode::kInvalidInput, "the author is missing");
  SLUICE_ASSIGN(auto transaction, Transaction::begin(database));
  SLUICE_ASSIGN(const auto all, kept_databases(database));
  if (std::any_of(all.begin(), all.end(), [&](const auto& row) { return row.name == next.name; })) {
    return fail(ErrorCode::kExists, "there is a database \"" + next.name +
                                        "\" already: change that one, or take another name");
  }
  SLUICE_TRY(insert(database, next, wall_micros()));
  SLUICE_TRY(leave_admin_event(database, next.author, word));
  return transaction.commit();
}

Result<> change_kept_database(Database& database, const KeptDatabase& before,
                              const KeptDatabase& next, std::string_view word) {
  if (next.author.empty()) return fail(ErrorCode::kInvalidInput, "the author is missing");
  SLUICE_ASSIGN(auto transaction, Transaction::begin(database));
  SLUICE_ASSIGN(const auto all, kept_databases(database));
  const auto now = std::find_if(all.begin(), all.end(),
                                [&](const auto& row) { return row.name == before.name; });
  if (now == all.end()) return fail(none(before.name));
  if (*now != before) {
    return fail(ErrorCode::kExists, "somebody else has just changed \"" + before.name +
                                        "\": look at it, and try again");
  }
  SLUICE_TRY(erase(database, before.name));
  SLUICE_TRY(insert(database, next, before.created_micros));
  SLUICE_TRY(leave_admin_event(database, next.author, word));
  return transaction.commit();
}

Result<> remove_kept_database(Database& database, const std::string& name, std::string_view author,
                              std::string_view word) {
  SLUICE_ASSIGN(auto transaction, Transaction::begin(database));
  SLUICE_TRY(erase(database, name));
  SLUICE_TRY(leave_admin_event(database, author, word));
  return transaction.commit();
}

}  // namespace sluice::store
