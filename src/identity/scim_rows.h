#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "identity/scim_store.h"
#include "store/database.h"

// What both halves of ScimStore need. Internal to the room.

namespace sluice::identity {

/// A random UUID (RFC 9562, version 4).
std::string make_scim_id();

/// `select` with s for the resource's table, narrowed and in order; bound.
Result<store::Statement> prepare_scim_lookup(store::Database& database, std::string_view select,
                                             std::string_view name_column,
                                             const ScimLookup& lookup);

/// A new version of each group that shows `name` among its members.
Result<> touch_groups_of(store::Database& database, std::string_view name);

}  // namespace sluice::identity
