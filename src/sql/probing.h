#pragma once

#include "sql/statement_facts.h"

namespace sluice::sql {

/// Of a value that a condition or a comparison by equality looks at: whether more of the column is
/// looked into than whether it is equal to something. False for the column as it is or cast to a
/// text type, of which only equality is asked, or whether it is there at all (IS NULL, count).
bool looks_into(const Source& source);

/// Of a value that counts rows or chooses among them (LIMIT, an index): whether it tells more than
/// an equality does.
bool tells(const Source& source);

/// Of an argument of unnest, jsonb_array_elements and the like: whether the rows they return are
/// parts of the column as it stands, and not of what something has made of it.
bool is_taken_apart(const Source& source);

}  // namespace sluice::sql
