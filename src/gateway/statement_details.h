#pragma once

#include <vector>

#include "audit/details.h"
#include "catalog/catalog.h"
#include "privacy/labels.h"
#include "sql/statement_facts.h"

namespace sluice::gateway {

/// What goes on the record about a statement: names for what its facts tell by number. Without a
/// catalog (null) columns have no names and are left out; without labels there are no classes.
/// Users' own columns come before those of the system's catalogs, which may be cut.
audit::StatementDetails details_of(const sql::StatementFacts& facts,
                                   const catalog::Catalog* catalog, const privacy::Labels* labels);

}  // namespace sluice::gateway
