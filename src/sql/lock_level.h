#pragma once

#include <string_view>

#include "sql/node.h"
#include "sql/statement_facts.h"

namespace sluice::sql {

/// The strongest table-level lock that a statement takes on what it is about: the table it names,
/// or that table's indexes where it works on them (documentation, 13.3.1 and the pages of the
/// commands; PostgreSQL 15). `node_name` is the statement's name in the parse tree
/// ("AlterTableStmt").
///
/// What a statement creates is its own until COMMIT and does not count, nor do statements nested
/// in it, other than what EXPLAIN, PREPARE and DECLARE CURSOR hold: ask for each. A statement that
/// is not known here is taken for kAccessExclusive.
LockLevel lock_of(std::string_view node_name, const Node& body);

/// The lock of one ALTER TABLE subcommand (an AlterTableCmd) on the table that is altered.
/// ATTACH PARTITION also takes kAccessExclusive on the new and on the default partition.
LockLevel lock_of_subcommand(const Node& command);

/// "ACCESS EXCLUSIVE": as PostgreSQL writes it; "" for none.
std::string_view sql_name_of(LockLevel level);

}  // namespace sluice::sql
