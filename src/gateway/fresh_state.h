#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "config/config.h"

namespace sluice::gateway {

/// What besides a text tells how it will be read and what it may do, as the server says it: one
/// value.
inline constexpr std::string_view kSessionQuery =
    "SELECT pg_catalog.concat_ws(E'\\x1f', current_user, session_user, "
    "pg_catalog.current_schemas(true)::pg_catalog.text, "
    "pg_catalog.current_setting('search_path'), pg_catalog.current_setting('client_encoding'), "
    "pg_catalog.current_setting('standard_conforming_strings'), "
    "pg_catalog.current_setting('session_replication_role'), "
    "pg_catalog.current_setting('row_security'), pg_catalog.current_setting('TimeZone'), "
    "pg_catalog.current_setting('DateStyle'), pg_catalog.current_setting('IntervalStyle'), "
    "pg_catalog.current_setting('default_tablespace'), "
    "pg_catalog.current_setting('default_table_access_method'))";

/// A database as a session finds it that has set nothing yet.
struct FreshState {
  std::string session;  ///< the answer to kSessionQuery
  std::string schema;   ///< the fingerprint of its catalog
};

/// Asks the server, on a connection of its own. Blocking.
Result<FreshState> fresh_state(const config::DatabaseConfig& config);

}  // namespace sluice::gateway
