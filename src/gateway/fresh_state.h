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
    "pg_catalog.current_setting('default_table_access_method'), "
    // All others of the server's own that change what a text means (those of extensions are listed
    // only where one is loaded: is_own_setting); no operator is one that the session has made.
    "(SELECT pg_catalog.md5(pg_catalog.string_agg(pg_catalog.concat(name, E'\x1e', setting), "
    "E'\x1f' ORDER BY name)) FROM pg_catalog.pg_settings WHERE category OPERATOR(pg_catalog.=) "
    "ANY (ARRAY['Client Connection Defaults / Locale and Formatting', 'Client Connection Defaults "
    "/ Statement Behavior', 'Version and Platform Compatibility / Other "
    "Platforms and Clients', 'Version and Platform Compatibility / Previous PostgreSQL "
    "Versions']::pg_catalog.text[]) AND name OPERATOR(pg_catalog.<>) ALL "
    "(ARRAY['client_min_messages', 'extra_float_digits', 'idle_in_transaction_session_timeout', "
    "'idle_session_timeout', 'lc_messages', 'lock_timeout', 'statement_timeout', "
    "'transaction_deferrable', 'transaction_isolation', "
    "'transaction_read_only']::pg_catalog.text[])))";

/// What `kSessionQuery` answered, for people: a line for each setting that is not empty, "name
/// value", then what the session has set of its own. Where a change has a line for each of its
/// databases ("orders: …"), their names stand above.
std::string shown_session(std::string_view session);

/// Whether a setting is none of the server's own: kSessionQuery tells nothing of it.
inline bool is_own_setting(std::string_view name) {
  return name.find('.') != std::string_view::npos && !name.starts_with("sluice.");
}

/// A database as a session finds it that has set nothing yet.
struct FreshState {
  std::string session;  ///< the answer to kSessionQuery
  std::string schema;   ///< the fingerprint of its catalog
};

/// Asks the server, on a connection of its own. Blocking.
Result<FreshState> fresh_state(const config::DatabaseConfig& config);

}  // namespace sluice::gateway
