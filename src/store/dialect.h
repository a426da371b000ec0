#pragma once

#include <string>
#include <string_view>

namespace sluice::store {

/// The store's SQL, which is SQLite's, as PostgreSQL puts it:
///
/// - "?" and "?2" become $1 and $2; x'00ff' a bytea literal; `user`, which is somebody else there,
///   "user";
/// - INTEGER is BIGINT, BLOB is BYTEA, and INTEGER PRIMARY KEY AUTOINCREMENT an identity column;
/// - in CREATE TABLE and ALTER TABLE, TEXT is compared by bytes, and STRICT goes without saying;
/// - CREATE TRIGGER name BEFORE UPDATE ON t BEGIN SELECT RAISE(ABORT, 'why'); END is done by the
///   function sluice_refuse; one BEFORE DELETE holds for TRUNCATE too. Other triggers there are
///   none.
///
/// All else must be the same in both: no INSERT OR REPLACE, no max(a, b), no instr. A parameter
/// that may be null and is looked at alone has to be of some type: CAST(? AS TEXT) IS NULL.
std::string to_postgres(std::string_view sql);

}  // namespace sluice::store
