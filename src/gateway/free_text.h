#pragma once

#include "catalog/catalog.h"
#include "privacy/labels.h"
#include "sql/statement_facts.h"

namespace sluice::gateway {

/// Whether what a statement returns may hold text that anybody may have written: a column of free
/// text or of documents, one of any type that holds texts and that nobody has looked at, or
/// something that cannot be known beforehand. Without a catalog or labels (null) in doubt it does.
bool returns_free_text(const sql::StatementFacts& facts, const catalog::Catalog* catalog,
                       const privacy::Labels* labels);

}  // namespace sluice::gateway
