#pragma once

#include <string_view>

namespace sluice::sql {

/// Whether a function in C is one of those that well-known extensions bring and that do nothing but
/// compute: pg_trgm, citext, hstore, ltree, intarray, cube, fuzzystrmatch, unaccent, uuid-ossp,
/// pgcrypto, pgvector, PostGIS. Only superusers can create functions in C, whatever their names.
bool computes_in_c(std::string_view name);

}  // namespace sluice::sql
