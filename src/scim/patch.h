#pragma once

#include <boost/json.hpp>

#include "scim/attributes.h"
#include "scim/problem.h"

namespace sluice::scim {

/// Applies a PatchOp message (RFC 7644, section 3.5.2) to a resource as to_json made it; what has
/// become of it is read with read_user or read_group. On an error the resource is half done.
///
/// Taken as it is sent in the field: operations named in any case, objects of changes without a
/// path, whose keys may be paths, `"active": "False"`, lists of members to remove as a value, and
/// values that are added to a part which a filter names before there is one. Changes of attributes
/// that are not kept do nothing. Errors: invalidSyntax, invalidPath, invalidFilter, noTarget,
/// invalidValue, mutability.
Outcome<> apply_patch(const boost::json::object& message, Kind kind, boost::json::object& resource);

}  // namespace sluice::scim
