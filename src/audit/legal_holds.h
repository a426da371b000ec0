#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "audit/erasure.h"
#include "base/result.h"
#include "store/database.h"

namespace sluice::audit {

/// A legal hold as the store has it.
struct StoredHold {
  std::string name;
  std::string query;  ///< which records, as to_query_string writes it
  std::string reason;
  std::string author;
  int64_t time_micros = 0;
};

/// Puts one into the store, and on the record. An error: there is one of that name, or the query is
/// none. A hold without filters keeps everything.
Result<> add_hold(store::Database& database, const StoredHold& hold);
/// By name.
Result<std::vector<StoredHold>> stored_holds(store::Database& database);
/// Lets go of one, and puts that on the record. kNotFound if there is none.
Result<> release_hold(store::Database& database, const std::string& name, const std::string& reason,
                      const std::string& author);

/// All of them, as erasing asks for them. An error if one cannot be read: nothing is to be erased
/// then.
Result<std::vector<LegalHold>> load_holds(store::Database& database);

}  // namespace sluice::audit
