#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "mask/audience.h"
#include "sql/statement_facts.h"

namespace sluice::mask {

/// Why somebody from whom a column is hidden may not use it so.
struct RefusedUse {
  std::string message;  ///< for the client
  std::string hint;
};

/// Whether a column that is shown so may be used so (sql::ColumnUse, together); nothing: it may.
std::optional<RefusedUse> refused_use(const ColumnView& column, sql::ColumnUses uses);

/// The column as a message names it: of a composite of which the statement takes one field alone,
/// with that field, as SQL writes it: "(public.people.contact).email".
ColumnView with_field(ColumnView column, sql::ColumnRef ref, const sql::StatementFacts& facts);

}  // namespace sluice::mask
