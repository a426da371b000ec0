#include "store/saved_searches.h"

#include "base/bytes.h"
#include "base/clock.h"

namespace sluice::store {
namespace {

constexpr size_t kLongestName = 200;
constexpr size_t kLongestQuery = 8 * 1024;

Error none(const std::string& name) {
  return {ErrorCode::kNotFound, "there is no saved search \"" + name + "\""};
}

}  // namespace

Result<> save_search(Database& database, const SavedSearch& search) {
  if (search.name.empty() || search.name.size() > kLongestName || !is_utf8(search.name)) {
    return fail(ErrorCode::kInvalidInput, "the name of a search must be UTF-8 text of at most " +
                                              std::to_string(kLongestName) + " bytes");
  }
  if (search.query.size() > kLongestQuery) {
    return fail(ErrorCode::kInvalidInput, "the search is too long to be saved");
  }
  SLUICE_ASSIGN(auto insert, database.prepare("INSERT INTO saved_searches "
                                              "(name, query, author, time_micros) "
                                              "VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE "
                                              "SET query = excluded.query, author = "
                                              "excluded.author, time_micros = "
                                              "excluded.time_micros"));
  return insert.bind(1, search.name)
      .bind(2, search.query)
      .bind(3, search.author)
      .bind(4, wall_micros())
      .run();
}

Result<std::vector<SavedSearch>> saved_searches(Database& database) {
  SLUICE_ASSIGN(auto query, database.prepare("SELECT name, query, author, time_micros "
                                             "FROM saved_searches ORDER BY name"));
  std::vector<SavedSearch> all;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return all;
    all.push_back({query.text(0), query.text(1), query.text(2), query.integer(3)});
  }
}

Result<SavedSearch> saved_search(Database& database, const std::string& name) {
  SLUICE_ASSIGN(auto all, saved_searches(database));
  for (auto& search : all) {
    if (search.name == name) return std::move(search);
  }
  return fail(none(name));
}

Result<> remove_search(Database& database, const std::string& name) {
  SLUICE_ASSIGN(auto remove, database.prepare("DELETE FROM saved_searches WHERE name = ?"));
  SLUICE_TRY(remove.bind(1, name).run());
  if (database.changes() == 0) return fail(none(name));
  return {};
}

}  // namespace sluice::store
