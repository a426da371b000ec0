#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/catalog.h"
#include "catalog/diff.h"
#include "catalog/loader.h"

namespace sluice::catalog {

/// One thing that somebody has set of an object, which no statement is judged by and a Catalog
/// does not hold: who owns it, who may do what with it, how it is stored, replicated, published.
struct Trait {
  std::string object_kind;  ///< "table", "function", "schema", "publication", "role", …
  std::string schema;       ///< empty for what is in none
  std::string name;         ///< of the object; "total(integer)" of a function
  Oid oid = 0;              ///< of the object
  /// Names the trait among those of its object, whatever is renamed; "itself" says no more than
  /// that the object is there.
  std::string id;
  std::string aspect;  ///< for people: "privileges of alice"
  std::string value;   ///< for people: "INSERT, SELECT"
  std::string same;    ///< what is compared; empty: the value. Names change, an identifier does not
};

/// What the traits of one database's objects are. All names are qualified (loader.h); what waits
/// for nobody's lock. Readable to everybody who may log in.
std::string_view traits_query();

/// The same of what belongs to the whole server: its roles with their attributes, memberships and
/// settings, and its databases. Passwords are not read.
std::string_view server_traits_query();

/// One row and column: a digest of the answer to `server_traits_query`, for looking often.
std::string_view server_traits_fingerprint_query();

/// From the rows of one of these queries.
Result<std::vector<Trait>> read_traits(Rows rows);

/// What changed, sorted. Of objects that a Catalog holds (tables, functions, schemas, …) only those
/// that were there before and are still: `diff` tells of the others.
std::vector<Change> diff_traits(const std::vector<Trait>& before, const std::vector<Trait>& after);

}  // namespace sluice::catalog
