#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/database.h"

namespace sluice::store {

/// A database that an admin has added while a gateway ran.
struct KeptDatabase {
  std::string name, environment;
  std::string url;        ///< postgres://host:port/database?options, without user and password
  std::string user;       ///< at the server
  std::string authority;  ///< PEM: who vouches for its certificate; empty: the system's
  bool masking = true, stamp_writes = false;
  unsigned pool_size = 50;
  std::string sealed;                              ///< the password, encrypted
  std::string author;                              ///< of the last change; required
  int64_t created_micros = 0, changed_micros = 0;  ///< set where it is kept
  friend bool operator==(const KeptDatabase&, const KeptDatabase&) = default;
};

/// All of them, by name.
Result<std::vector<KeptDatabase>> kept_databases(Database& database);

// Each leaves `word` for the audit log too, both or neither. What is in them is not looked at.

/// kExists where there is one of that name.
Result<> add_kept_database(Database& database, const KeptDatabase& next, std::string_view word);
/// kNotFound where there is none. `before` is what its author knew of it; kExists where somebody
/// else has changed it since.
Result<> change_kept_database(Database& database, const KeptDatabase& before,
                              const KeptDatabase& next, std::string_view word);
/// kNotFound where there is none.
Result<> remove_kept_database(Database& database, const std::string& name, std::string_view author,
                              std::string_view word);

}  // namespace sluice::store
