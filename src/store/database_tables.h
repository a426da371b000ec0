#pragma once

namespace sluice::store {

/// Databases that admins have added while a gateway ran (kept_databases.h); a step of schema_steps.
inline constexpr const char* kKeptDatabases =
    R"(CREATE TABLE kept_databases (
         name TEXT PRIMARY KEY,
         environment TEXT NOT NULL,
         url TEXT NOT NULL,
         user_name TEXT NOT NULL,
         authority TEXT NOT NULL,         -- PEM; empty: the system's authorities
         masking INTEGER NOT NULL,
         stamp_writes INTEGER NOT NULL,
         pool_size INTEGER NOT NULL,
         author TEXT NOT NULL,            -- of the last change
         created_micros INTEGER NOT NULL,
         changed_micros INTEGER NOT NULL,
         sealed BLOB NOT NULL             -- the password (gateway/password_seal.h)
       ) STRICT;)";

}  // namespace sluice::store
