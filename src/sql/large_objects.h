#pragma once

#include <string_view>

#include "sql/lineage.h"
#include "sql/statement_facts.h"

namespace sluice::sql {

/// Where the contents of large objects lie: what reads them by a function stands in lineage for a
/// value made of pg_largeobject.data.
inline constexpr Oid kLargeObjects = 2613;

/// lo_get and loread, whose result is what is in a large object.
bool reads_large_object(const catalog::Function& function);

/// What such a function returns, called with so many arguments; unknown where the catalog does not
/// have what large objects lie in.
Value large_object(const catalog::Catalog& catalog, const catalog::Function& function,
                   size_t arguments);

/// Whether the value is a large object from its beginning to its end, as its bytes or as the text
/// that these are, so that a search of it sees whatever is in it.
bool is_whole_large_object(const Source& source);

/// Whether that is what lineage calls the reading itself, which fails, or does not, whatever the
/// contents are.
bool is_large_object_step(std::string_view function);

}  // namespace sluice::sql
