#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/database.h"

namespace sluice::store {

/// A question to the audit log that somebody wants to ask again.
struct SavedSearch {
  std::string name;
  std::string query;   ///< "user=alice&since=1h"; not looked at
  std::string author;  ///< who saved it last
  int64_t time_micros = 0;
};

/// Saves it under its name, in place of what was there.
Result<> save_search(Database& database, const SavedSearch& search);
/// kNotFound if there is none.
Result<SavedSearch> saved_search(Database& database, const std::string& name);
/// By name.
Result<std::vector<SavedSearch>> saved_searches(Database& database);
/// kNotFound if there is none.
Result<> remove_search(Database& database, const std::string& name);

}  // namespace sluice::store
