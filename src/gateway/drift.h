#pragma once

#include <string>
#include <vector>

#include "audit/details.h"
#include "catalog/diff.h"

namespace sluice::gateway {

/// What the record says of a schema that has changed past the gateway, a line for each change.
std::string drift_message(const std::vector<catalog::Change>& changes);

/// The same of what belongs to a whole server: which one, and what `databases` of it are served.
std::string server_drift_message(const std::string& server,
                                 const std::vector<std::string>& databases,
                                 const std::vector<catalog::Change>& changes);

/// The relations, under their old names too, and the columns that it is about, so that their
/// history has it.
audit::StatementDetails drift_details(const std::vector<catalog::Change>& changes);

}  // namespace sluice::gateway
