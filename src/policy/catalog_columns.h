#pragma once

#include "catalog/catalog.h"
#include "sql/statement_facts.h"

namespace sluice::policy {

/// Whether a statement reads a relation of the system catalog some of whose columns give away rows
/// or passwords (pg_stats, pg_subscription, pg_foreign_server, …), and of it only other columns,
/// each of which is told. Pure.
bool reads_plain_columns_only(const sql::Object& object, const sql::StatementFacts& facts,
                              const catalog::Catalog& catalog);

}  // namespace sluice::policy
