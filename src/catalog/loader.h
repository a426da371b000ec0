#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/catalog.h"

namespace sluice::catalog {

/// One result of a simple Query: rows of text values, nullopt for NULL.
using Row = std::vector<std::optional<std::string>>;
using Rows = std::vector<Row>;

/// One text of several statements, for a simple Query, that reads everything a Catalog holds.
/// All names in it are qualified with pg_catalog, so that no search_path matters. It starts and
/// ends no transaction. Works on PostgreSQL 13 and later. It reads what is committed, and in a
/// transaction also what that transaction has done so far; of temporary schemas only the
/// session's own. Sets nothing, so the session's client_encoding must be UTF8 (or SQL_ASCII), and
/// definitions are rendered for its search_path (Catalog::definition_path). No definitions of views
/// in pg_catalog and information_schema: nobody expands them. Does not wait for schema changes
/// under way (Catalog::complete), but for a small chance: give the gateway's own connections a
/// lock_timeout. What is dropped while it runs may make it fail (`may_read_again`).
/// Takes ACCESS SHARE locks on what views and parsed functions use, as a SELECT does.
/// `with_system`: also what initdb made; else only users' objects, for `build` with a base.
std::string_view load_query(bool with_system);

/// The same statements one by one, for the extended protocol.
std::vector<std::string> load_statements(bool with_system);

/// Whether the load failed because an object vanished between its row and its definition, or in a
/// deadlock with whoever dropped it: the next try may well succeed.
bool may_read_again(std::string_view sqlstate);

/// Makes the catalog from the results of `load_query`, in their order. `base` (may be null): where
/// to take the system's objects from when they were not read; without both it is an error, as
/// is anything that the query would not give.
Result<std::shared_ptr<const Catalog>> build(std::vector<Rows> results, const Catalog* base);

/// A statement with one row and one column: a text that changes whenever the definition of a
/// user's permanent object, its owner or its privileges do, and not when rows do, VACUUM (FULL),
/// ANALYZE, TRUNCATE or REINDEX run, or any session has temporary objects. Within a transaction it
/// is already what it will be after COMMIT. Cheap: no definitions are rendered. `build` finds the
/// same value in its results, read in the same snapshot order (first).
std::string_view fingerprint_query();

}  // namespace sluice::catalog
