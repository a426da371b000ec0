#pragma once

#include <string>
#include <vector>

#include "catalog/catalog.h"

namespace sluice::catalog {

/// One readable difference between two catalogs.
struct Change {
  enum class What : uint8_t { kAdded, kRemoved, kAltered };
  What what = What::kAltered;
  std::string
      object_kind;  ///< "table", "view", "column", "index", "constraint", "trigger", "function", …
  std::string schema;
  std::string name;    ///< of the object; "orders.status" for a part of a table
  std::string detail;  ///< "type integer -> bigint", "not null", a definition; may be empty
  /// "column public.orders.status altered: type integer -> bigint"
  std::string to_string() const;
};

/// What changed from `before` to `after`, of users' permanent objects (temporary ones are left
/// out), sorted by schema and name. An object with another identifier but the same definition is
/// reported as altered ("recreated"). A definition that one of them could not read is not compared:
/// compare with the last catalog that was complete. Privileges and policies are in no catalog, so a
/// fingerprint may change and nothing be different.
std::vector<Change> diff(const Catalog& before, const Catalog& after);

}  // namespace sluice::catalog
